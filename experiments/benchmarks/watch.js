// Takes the time from the next key to the frame in which a picture has changed; not a number after 10 s.
(picture) => {
  const all = (part) => [part, ...part.querySelectorAll("*")];
  const drawn = (part) => part.innerHTML + all(part).map((each) => each.shadowRoot?.innerHTML ?? "").join("");
  const look = () => [...document.querySelectorAll(picture)].map(drawn).join();
  const before = look();
  let begun;
  addEventListener("keydown", () => { begun = performance.now(); }, {once: true, capture: true});
  window.desistTook = new Promise((done) => {
    const watch = () => {
      const took = (performance.now() - begun) / 1000;
      if (begun !== undefined && look() !== before) done(took);
      else if (took > 10) done(NaN);
      else requestAnimationFrame(watch);
    };
    watch();
  });
}
