// The line to the gateway: its events as they come, its status by asking where events do not come through, and the plain truth when
// there is neither.

const SILENCE_MS = 9000; // the gateway says something every two seconds
const FIRST_WORD_MS = 5000;
const ASK_EVERY_MS = 10000;
const LISTEN_AGAIN_MS = 60000;
const RETRIES_MS = [1000, 2000, 4000, 8000, 15000];
const FORGOTTEN_MS = 15 * 60000; // a tab that nobody looks at gives its place back: the gateway serves sixteen
const NAMES = ["status", "device", "devices", "refusal"];

// JSON from the gateway, or an Error that says what to do about it.
export async function read(path, patience = 15000) {
  let answer;
  try {
    answer = await fetch(path, { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(patience), cache: "no-store" });
  } catch (error) {
    throw new Error(error.name === "TimeoutError" ? `no answer in ${patience / 1000} s` : "it cannot be reached");
  }
  if (answer.status === 401) throw new Error("it asks for the password again: reload the page");
  const body = await answer.json().catch(() => null);
  if (!answer.ok) throw Object.assign(new Error(body?.error ?? `it answered ${answer.status}`), { status: answer.status, fix: body?.fix });
  if (body === null) throw new Error("its answer was cut off, or is no JSON");
  return body;
}

// `heard(name, data)` for every event; `changed({mode, since, why})` when the mode does:
//   connecting  nothing has been heard yet
//   live        events come
//   asking      events do not come through; the status is asked for instead
//   lost        nothing comes, since `since`
//   asleep      nobody has looked for a while
export class Live {
  #heard;
  #changed;
  #state = { mode: "connecting", since: Date.now(), why: "" };
  #lastWord = Date.now();
  #source = null;
  #endListening = null;
  #endPause = null;
  #failures = 0;
  #asleep = false;
  #why = "";

  constructor(heard, changed) {
    this.#heard = heard;
    this.#changed = changed;
  }

  start() {
    setInterval(() => this.#watch(), 1000);
    addEventListener("online", () => this.#hurry());
    // A page that is left open in the history must not hold its place either.
    addEventListener("pagehide", () => this.#sleep());
    addEventListener("pageshow", (event) => event.persisted && this.#wake());
    let hidden = null;
    document.addEventListener("visibilitychange", () => {
      clearTimeout(hidden);
      if (document.hidden) hidden = setTimeout(() => this.#sleep(), FORGOTTEN_MS);
      else this.#wake();
    });
    void this.#run();
  }

  async #run() {
    for (;;) {
      while (this.#asleep) await this.#pause(FORGOTTEN_MS);
      if (await this.#listen()) {
        this.#failures = 0;
        await this.#pause(RETRIES_MS[0]);
        continue;
      }
      if (this.#asleep) continue;
      ++this.#failures;
      if (!(await this.#ask())) {
        await this.#pause(RETRIES_MS[Math.min(this.#failures, RETRIES_MS.length) - 1]);
      } else if (this.#failures < 2) {
        await this.#pause(RETRIES_MS[0]);
      } else {
        await this.#askForAWhile();
      }
    }
  }

  // Until the stream ends or falls silent; whether it said anything.
  #listen() {
    return new Promise((resolve) => {
      const source = new EventSource("events");
      let words = 0;
      let silence = setTimeout(() => end("it has fallen silent"), FIRST_WORD_MS);
      const end = (why) => {
        clearTimeout(silence);
        source.close();
        this.#source = this.#endListening = null;
        this.#why = why;
        resolve(words > 0);
      };
      this.#source = source;
      this.#endListening = end;
      for (const name of NAMES) {
        source.addEventListener(name, (event) => {
          clearTimeout(silence);
          silence = setTimeout(() => end("it has fallen silent"), SILENCE_MS);
          ++words;
          this.#take("live", name, event.data);
        });
      }
      source.onerror = () => end("the connection has ended");
    });
  }

  async #ask() {
    try {
      const status = await read("status");
      if (this.#failures >= 2 || this.#state.mode !== "live") this.#take("asking", "status", status);
      return true;
    } catch (error) {
      this.#why = error.message;
      return false;
    }
  }

  async #askForAWhile() {
    const end = Date.now() + LISTEN_AGAIN_MS;
    while (Date.now() < end && !this.#asleep) {
      await this.#pause(ASK_EVERY_MS);
      if (this.#asleep || !(await this.#ask())) return;
    }
  }

  #take(mode, name, data) {
    let parsed = data;
    if (typeof data === "string") {
      try {
        parsed = JSON.parse(data);
      } catch {
        return; // half an event is no news
      }
    }
    this.#lastWord = Date.now();
    this.#enter(mode);
    this.#heard(name, parsed);
  }

  #watch() {
    if (this.#asleep || this.#state.mode === "lost") return;
    const patience = this.#state.mode === "asking" ? 3 * ASK_EVERY_MS : SILENCE_MS;
    if (Date.now() - this.#lastWord < patience) return;
    this.#enter("lost", this.#lastWord);
  }

  #enter(mode, since = Date.now()) {
    if (mode === this.#state.mode) return;
    this.#state = { mode, since, why: mode === "lost" ? this.#why : "" };
    this.#changed(this.#state);
  }

  #sleep() {
    this.#asleep = true;
    this.#endListening?.("asleep");
    this.#enter("asleep");
  }

  #wake() {
    if (this.#asleep) {
      this.#asleep = false;
      this.#lastWord = Date.now();
      this.#enter("connecting");
    }
    if (this.#state.mode !== "live") this.#hurry();
  }

  #hurry() {
    this.#endPause?.();
  }

  #pause(ms) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
