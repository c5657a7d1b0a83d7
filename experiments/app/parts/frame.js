// Run when the language is told: the page's language for screen readers and hyphenation, the names that Streamlit gives
// its controls in English only, and the button that copies the address. Listeners are bound once, to the document.
(() => {
  const said = JSON.parse(document.querySelector("[data-desist-said]").dataset.desistSaid);
  window.desistSaid = said;
  document.documentElement.lang = said.lang;
  const skip = document.querySelector('[data-testid="stSkipToContent"]');
  if (skip) skip.textContent = said.skip;

  const put = (window.desistPut ??= new WeakMap()); // of each control: the name it came with, and the one it was given
  const name = (control, attribute) => {
    const now = control.getAttribute(attribute), before = put.get(control), names = window.desistSaid.names;
    const own = before && before.given === now ? before.own : now;
    const start = Object.keys(names).find((each) => own === each || (each.endsWith(" ") && own.startsWith(each)));
    if (!start) return;
    const given = names[start] + own.slice(start.length);
    put.set(control, {own, given});
    if (given !== now) control.setAttribute(attribute, given);
  };
  const nameAll = () => {
    document.querySelectorAll("main :is(button, [role=progressbar])[aria-label]").forEach((each) => name(each, "aria-label"));
    document.querySelectorAll("main input[placeholder]").forEach((each) => name(each, "placeholder"));
  };
  nameAll();
  if (window.desistBound) return;
  window.desistBound = true;
  let waiting = false;
  new MutationObserver(() => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; nameAll(); });
  }).observe(document.body, {childList: true, subtree: true, attributeFilter: ["aria-label"]});

  const copy = async (text) => {
    if (window.isSecureContext && navigator.clipboard) return navigator.clipboard.writeText(text);
    const field = document.createElement("textarea"); // over plain http, as in a class room
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  };

  document.addEventListener("click", (event) => {
    const on = event.target.closest?.('[data-testid="stSkipToContent"], [data-desist="copy"]');
    if (!on) return;
    event.preventDefault();
    event.stopPropagation(); // Streamlit's own skips to the buttons above
    if (on.dataset.desist === "copy") {
      copy(location.href).then(() => {
        const before = on.textContent;
        on.setAttribute("aria-live", "polite");
        on.textContent = window.desistSaid.copied;
        setTimeout(() => { if (on.textContent === window.desistSaid.copied) on.textContent = before; }, 2500);
      });
      return;
    }
    const heading = document.querySelector("main h2");
    if (!heading) return;
    heading.tabIndex = -1;
    heading.focus();
    heading.scrollIntoView();
  }, true);
})();
