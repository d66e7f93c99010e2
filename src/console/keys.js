// Keys for who turns them on, on the page that lists them; off otherwise (WCAG 2.1.4).
"use strict";
(() => {
  const on = () => localStorage.getItem("docket-keys") === "on";
  const at = (found) => document.querySelector(found);
  const turn = at("#turn-keys");
  if (turn) {
    const show = () => { turn.textContent = on() ? turn.dataset.off : turn.dataset.on; };
    turn.hidden = false;
    turn.addEventListener("click", () => { localStorage.setItem("docket-keys", on() ? "off" : "on"); show(); });
    show();
  }
  const rows = () => [...document.querySelectorAll("main table tbody a, main ol a, main ul a")];
  const step = (by) => {
    const all = rows(), now = all.indexOf(document.activeElement);
    const to = all[now < 0 ? (by > 0 ? 0 : all.length - 1) : now + by];
    if (to) to.focus();
  };
  let going = 0;
  document.addEventListener("keydown", (event) => {
    if (!on() || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
    const key = event.key, went = Date.now() - going < 1500;
    going = 0;
    const press = (found) => { const link = at(found); if (link) link.click(); return Boolean(link); };
    const done = went && /^[rwelqm]$/.test(key) ? press(`header nav a[data-key="${key}"]`)
      : key === "g" ? (going = Date.now(), true)
      : key === "/" ? (at("#find")?.focus(), true)
      : key === "t" ? (at("#as_of")?.focus(), true)
      : key === "[" ? press("main a[rel=prev]")
      : key === "]" ? press("main a[rel=next]")
      : key === "j" ? (step(1), true)
      : key === "k" ? (step(-1), true)
      : key === "?" ? press("footer a[data-key=keys]")
      : false;
    if (done) event.preventDefault();
  });
})();
