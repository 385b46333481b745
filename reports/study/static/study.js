// A study's page: consent, training, pairs of pictures, and the votes file. Nothing leaves the browser before the end.
"use strict";
(() => {
  const study = JSON.parse(document.getElementById("data").textContent);
  const find = (id) => document.getElementById(id);
  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
  const hash = new URLSearchParams(location.hash.slice(1));
  const token = hash.get("token");
  const asked = hash.get("session");
  const wanted = asked === null ? null : Number(/^\d+$/.test(asked) ? asked : NaN) - 1;
  const place = ["restobench-study", study.id, ...(wanted === null ? [] : [wanted]), ...(token ? [token] : [])].join("-");
  const restart = () => { over = true; location.reload(); };
  let over = false;
  addEventListener("hashchange", restart); // another link in this tab: another observer

  if (wanted !== null && !study.sessions[wanted]) {
    find("why").textContent = `There is no session ${asked.slice(0, 20)}: this study has sessions 1 to ${study.sessions.length}. Please ask for your link again.`;
    find("intro").hidden = true;
    find("lost").hidden = false;
    return;
  }

  // ---- what is remembered

  const hex = (bytes) => [...crypto.getRandomValues(new Uint8Array(bytes))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const fresh = () => ({
    observer: hex(8), agreed: false, trained: 0, votes: [], scale: 1,
    session: wanted ?? crypto.getRandomValues(new Uint32Array(1))[0] % study.sessions.length,
  });
  const recall = () => {
    try {
      const kept = JSON.parse(localStorage.getItem(place));
      if (kept && study.sessions[kept.session] && Array.isArray(kept.votes)) return kept;
    } catch { /* a browser that keeps nothing: this visit has to be the only one */ }
    return null;
  };
  // Whether another tab has gone on meanwhile: then this one goes on from there, and nothing is written over.
  const overtaken = () => {
    const kept = recall();
    if (!kept) return false;
    if (kept.observer !== state.observer) {
      restart();
      return true;
    }
    if (kept.votes.length <= state.votes.length && kept.trained <= state.trained) return false;
    Object.assign(state, kept);
    find("said").textContent = "Another tab has gone on: here is the next pair after its last.";
    return true;
  };
  const remember = () => {
    try {
      localStorage.setItem(place, JSON.stringify(state));
    } catch {
      find("said").textContent = "This browser keeps nothing: save the votes before you leave the page.";
    }
  };
  const state = recall() ?? fresh();
  const aside = `restobench-study-others-${study.id}-`;
  const others = () => {
    try {
      return Object.keys(localStorage).filter((key) => key.startsWith(aside)).map((key) => JSON.parse(localStorage.getItem(key))).filter((kept) => kept?.votes?.length);
    } catch { return []; }
  };
  const session = study.sessions[state.session].map(([id, left, right, beside]) => ({ id, left, right, beside, answer: "" }));

  // ---- the votes file

  const TABLE = Array.from({ length: 256 }, (_, n) => { for (let k = 0; k < 8; k++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1; return n >>> 0; });
  const crc = (text) => {
    let sum = 0xffffffff;
    for (const byte of new TextEncoder().encode(text)) sum = TABLE[(sum ^ byte) & 255] ^ (sum >>> 8);
    return ((sum ^ 0xffffffff) >>> 0).toString(16).padStart(8, "0");
  };
  const ballot = (of = state) => {
    let check = crc(`${study.id}|${of.session}|${of.observer}|${of.scale}`);
    const votes = of.votes.map(({ trial, choice, ms, away }) => {
      check = crc(`${check}|${trial}|${choice}|${ms}|${away ? 1 : 0}`);
      return { trial, choice, ms, away, check };
    });
    return JSON.stringify({ schema: "restobench/votes/1", study: study.id, session: of.session, observer: of.observer, scale: of.scale, votes });
  };
  const save = (of) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([ballot(of)], { type: "application/json" }));
    link.download = `votes-${study.id}-${of.observer}.json`;
    link.click();
  };

  // ---- the pictures: all at one place and one size, a pixel of theirs on whole pixels of the display

  const sides = ["left", "beside", "right"].filter(find);
  const images = sides.map(find);
  const stage = find("stage");
  const view = { size: 1, x: 0, y: 0 };
  const ratio = () => window.devicePixelRatio || 1;
  const frame = () => ({ width: find("left").naturalWidth, height: find("left").naturalHeight });
  const start = () => Object.assign(view, { size: Math.max(1, Math.floor(ratio())), x: frame().width / 2, y: frame().height / 2 });
  const draw = () => {
    const { width, height } = frame();
    const scale = view.size / ratio();
    const pane = images[0].parentElement;
    const inside = (middle, size, room) => (room >= size * scale ? size / 2 : clamp(middle, room / 2 / scale, size - room / 2 / scale));
    view.x = inside(view.x, width, pane.clientWidth);
    view.y = inside(view.y, height, pane.clientHeight);
    const whole = (value) => Math.round(value * ratio()) / ratio();
    for (const image of images) {
      image.style.width = `${width * scale}px`;
      image.style.height = `${height * scale}px`;
      image.style.transform = `translate(${whole(pane.clientWidth / 2 - view.x * scale)}px, ${whole(pane.clientHeight / 2 - view.y * scale)}px)`;
    }
    find("zoom").textContent = `${view.size} : 1`;
  };
  const enlarge = (by) => { view.size = clamp(view.size + by, 1, 8); draw(); };
  const move = (dx, dy) => { view.x -= (dx * ratio()) / view.size; view.y -= (dy * ratio()) / view.size; draw(); };
  new ResizeObserver(draw).observe(stage);

  // ---- one pair after the other

  const QUIET_MS = 300; // after a pair is shown: a double press must not answer what nobody has seen
  let trial = null;
  let turn = 0;
  let shown = 0;
  let away = false;
  const next = () => (state.trained < study.training.length ? study.training[state.trained] : session[state.votes.length]);
  const show = (name) => { for (const id of ["intro", "ask", "end"]) find(id).hidden = id !== name; };
  const choices = [...document.querySelectorAll("[data-choice]")];
  const ready = (yes) => { for (const button of choices) button.disabled = !yes; };

  const ask = async () => {
    trial = next();
    if (!trial) return finish();
    turn += 1;
    const now = turn;
    show("ask");
    ready(false);
    stage.classList.add("waiting");
    if (choices.includes(document.activeElement)) find("asked").focus({ preventScroll: true }); // its ring would show the last answer
    const training = state.trained < study.training.length;
    find("phase").textContent = training ? `Practice ${state.trained + 1} of ${study.training.length}:` : "";
    find("progress").max = session.length;
    find("progress").value = state.votes.length;
    find("count").textContent = training ? "does not count yet" : `${state.votes.length} of ${session.length}`;
    const sources = sides.map((side) => `pictures/${trial[side]}.png`);
    try {
      await Promise.all(images.map((image, n) => { image.src = sources[n]; return image.decode(); }));
    } catch {
      find("said").textContent = "A picture could not be loaded. Load the page again; your votes are kept.";
      return undefined;
    }
    if (now !== turn) return undefined;
    start();
    draw();
    stage.classList.remove("waiting");
    setTimeout(() => { if (now === turn) ready(true); }, QUIET_MS);
    away = document.hidden;
    shown = performance.now();
    for (const later of session.slice(state.votes.length + 1, state.votes.length + 2)) {
      for (const side of sides) new Image().src = `pictures/${later[side]}.png`;
    }
    return undefined;
  };

  const choose = (choice) => {
    if (over || !trial || choices[0].disabled || find("ask").hidden) return;
    if (overtaken()) {
      ask();
      return;
    }
    const ms = Math.min(Math.round(performance.now() - shown), 24 * 3600 * 1000); // more no votes file may have
    if (state.trained < study.training.length) {
      const clear = trial.answer && trial.answer !== choice;
      find("said").textContent = clear ? `Look again: ${trial.answer === "left" ? "A" : "B"} is clearly better here.` : "";
      if (clear) return;
      state.trained += 1;
    } else {
      state.votes.push({ trial: trial.id, choice, ms, away });
      find("said").textContent = "";
    }
    state.scale = Math.round(ratio() * 1000) / 1000;
    remember();
    ask();
  };

  const finish = () => {
    overtaken();
    trial = null;
    show("end");
    const left = session.length - state.votes.length;
    const done = `${state.votes.length} of ${session.length} pairs are answered`;
    find("state").textContent = left ? `${done}: go on now or later in this browser.` : `${done}. Please save the votes file and give it to whoever asked you.`;
    find("on").hidden = !left;
    find("text").value = ballot();
    find("thanks").focus();
    const to = study.post || (token ? "votes" : "");
    if (to && !left) send(to);
  };

  const send = async (to) => {
    const told = find("sent");
    told.textContent = "The votes are being sent.";
    try {
      const headers = { "Content-Type": "application/json", ...(token ? { Authorization: `Bearer ${token}` } : {}) };
      const answer = await fetch(to, { method: "POST", headers, body: ballot() });
      told.textContent = answer.ok ? "The votes have arrived; you may close the page." : `The votes were not taken (${answer.status}). Please save the votes file and give it to whoever asked you.`;
    } catch {
      told.textContent = "The votes could not be sent. Please save the votes file and give it to whoever asked you.";
    }
  };

  // ---- hands

  find("agree").checked = false; // browsers fill forms in again after a reload
  find("agree").addEventListener("change", () => { find("begin").disabled = !find("agree").checked; });
  find("begin").addEventListener("click", () => { if (overtaken()) { ask(); return; } state.agreed = true; remember(); ask().then(() => find("asked").focus()); });
  for (const button of choices) button.addEventListener("click", () => choose(button.dataset.choice));
  find("in").addEventListener("click", () => enlarge(1));
  find("out").addEventListener("click", () => enlarge(-1));
  find("stop").addEventListener("click", finish);
  find("on").addEventListener("click", ask);
  find("full").addEventListener("click", () => (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen()));
  find("full").hidden = !document.fullscreenEnabled;
  find("save").addEventListener("click", () => save(state));
  // a link with a token is one person's own
  for (const button of document.querySelectorAll(".someone")) {
    button.hidden = Boolean(token);
    button.addEventListener("click", () => {
      if (!confirm("Start anew as somebody else? The votes so far are kept in this browser, where they can be saved; nobody can add to them.")) return;
      try {
        if (state.votes.length) localStorage.setItem(aside + state.observer, JSON.stringify(state));
        localStorage.removeItem(place);
        restart();
      } catch {
        find("said").textContent = find("sent").textContent = "This browser keeps nothing: save the votes, then load the page again.";
      }
    });
  }
  for (const other of others()) {
    const button = document.createElement("button");
    button.textContent = `Save ${other.votes.length === 1 ? "the vote" : `the ${other.votes.length} votes`} of ${other.observer}`;
    button.addEventListener("click", () => save(other));
    find("others").append(button);
  }
  find("before").hidden = !find("others").children.length;
  find("copy").addEventListener("click", async () => {
    find("text").select();
    try {
      await navigator.clipboard.writeText(ballot());
      find("sent").textContent = "Copied.";
    } catch {
      find("sent").textContent = "Select the text below and copy it by hand.";
    }
  });
  addEventListener("storage", ({ key, newValue }) => {
    if (key !== place) return;
    if (!newValue && state.agreed) restart(); // somebody else, in another tab
    else if (overtaken() && !over) (find("end").hidden ? ask : finish)();
  });
  document.addEventListener("visibilitychange", () => { away = away || document.hidden; });

  const STEP = 40;
  const KEYS = { ArrowLeft: "left", 1: "left", a: "left", ArrowRight: "right", 2: "right", b: "right", ArrowDown: "tie", 0: "tie" };
  const MOVES = { ArrowLeft: [STEP, 0], ArrowRight: [-STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] };
  document.addEventListener("keydown", (event) => {
    if (find("ask").hidden || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key; // Caps Lock
    if (event.shiftKey && MOVES[key]) move(...MOVES[key]);
    else if (!event.shiftKey && KEYS[key]) choose(KEYS[key]);
    else if (key === "+" || key === "=") enlarge(1);
    else if (key === "-") enlarge(-1);
    else return;
    event.preventDefault();
  });

  const pointers = new Map();
  let pinched = 0;
  stage.addEventListener("pointerdown", (event) => { pointers.set(event.pointerId, event); stage.setPointerCapture(event.pointerId); pinched = 0; });
  stage.addEventListener("pointermove", (event) => {
    const last = pointers.get(event.pointerId);
    if (!last) return;
    pointers.set(event.pointerId, event);
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
    if (!other) return void move(event.clientX - last.clientX, event.clientY - last.clientY);
    const apart = (point) => Math.hypot(point.clientX - other.clientX, point.clientY - other.clientY);
    pinched += apart(event) - apart(last);
    if (Math.abs(pinched) > 50) { enlarge(Math.sign(pinched)); pinched = 0; }
  });
  for (const name of ["pointerup", "pointercancel"]) stage.addEventListener(name, (event) => pointers.delete(event.pointerId));
  stage.addEventListener("wheel", (event) => { event.preventDefault(); enlarge(event.deltaY < 0 ? 1 : -1); }, { passive: false });

  // ---- where the observer was

  const scale = ratio();
  find("display").textContent = Math.abs(scale - Math.round(scale)) > 0.01
    ? `Your display or your browser enlarges this page to ${Math.round(scale * 100)} %. If you can, set the browser's zoom to 100 % (Ctrl and 0), so that pictures keep a usual size.`
    : "Pictures are shown pixel by pixel. Sit as you usually do, and keep the distance to the display.";
  if (state.agreed) ask();
})();
