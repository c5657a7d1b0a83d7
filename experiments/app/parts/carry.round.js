// A new round begins at the top: for whoever clicked at the foot of a long list, and for whoever listens to the page.
(() => {
  const round = document.querySelector("[data-desist-round]").dataset.desistRound;
  const before = window.desistRound;
  window.desistRound = round;
  if (before === undefined || before === round) return;
  const toTop = () => {
    document.querySelector('[data-testid="stMain"]')?.scrollTo({ top: 0 });
    const title = document.querySelector("h3");
    title?.setAttribute("tabindex", "-1");
    title?.focus({ preventScroll: true });
  };
  setTimeout(toTop, 150);
})();
