// Looking: the data is asked for once a second while somebody looks, with the tag of what is here.
const LOOK = 1000, SLOWEST = 15000;
let etag = "", paused = false, wait = LOOK, timer = 0, asking = false;
function notice(text) { // what is old must not look like now
  fill("problem", text);
  $("problem").hidden = !text;
  document.body.classList.toggle("old", Boolean(text));
}
function later(why) {
  wait = Math.min(2 * wait, SLOWEST);
  notice(`${why} ${etag ? "What you see is what it said last." : ""}`);
}
// `show` is given what is new, `same` is called where nothing is.
async function look(show, same) {
  clearTimeout(timer);
  if (paused || document.hidden || asking) return;
  asking = true;
  try {
    const headers = etag ? { "If-None-Match": etag } : {};
    const answer = await fetch("data", { cache: "no-store", headers, signal: AbortSignal.timeout(SLOWEST) });
    if (answer.status === 200) {
      const next = await answer.json();
      etag = answer.headers.get("ETag") || "";
      show(next);
    } else if (answer.status === 304) {
      same();
    } else { // the command says why
      later((await answer.text()).slice(0, 400));
    }
    if (answer.ok || answer.status === 304) wait = LOOK;
  } catch (error) {
    later("The command that serves this page does not answer: it has ended, or is busy.");
  }
  asking = false;
  timer = setTimeout(look, wait, show, same);
}
function follow(show, same) {
  $("pause").hidden = false;
  $("pause").addEventListener("click", () => {
    paused = !paused;
    $("pause").setAttribute("aria-pressed", paused);
    same();
    look(show, same);
  });
  document.addEventListener("visibilitychange", () => look(show, same));
  fill("foot", "Served by perennial on this machine alone.");
  look(show, same);
}
