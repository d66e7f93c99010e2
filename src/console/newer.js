// Says, in words that a screen reader reads when it is its turn, that events were recorded since the page was made.
// The list itself never moves.
"use strict";
(() => {
  const said = document.getElementById("newer"), every = 15000;
  if (!said) return;
  const look = async () => {
    if (document.hidden) return;
    const answer = await fetch(said.dataset.asks).catch(() => null);
    if (!answer || answer.redirected || answer.status !== 200) return;
    const { text, to } = await answer.json(), shown = said.querySelector("a") || document.createElement("a");
    if (shown.textContent === text) return;
    shown.href = to;
    shown.textContent = text;
    said.replaceChildren(shown);
  };
  setInterval(look, every);
})();
