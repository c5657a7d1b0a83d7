// One trial as a film: everybody month by month, and the curves that grow from it. All that moves, moves here;
// the server sends the whole trial at once and is not asked again.

const FIRST = -2, LAST = 24, INSIDE = 1, MEETS = 2, OFFENDS = 4, FACTOR = 8;
const PACES = {slow: 1000, normal: 500, fast: 180};
const ARMS = ["control", "mentored"];
const SVG = "http://www.w3.org/2000/svg";
const FIGURE = '<g class="body"><circle cx="13" cy="8" r="4.6"/><path d="M5.5 27v-5.5a7.5 7.5 0 0 1 15 0V27z"/></g>';
const CELL = '<g class="cell"><rect x="2.5" y="1" width="21" height="26.5" rx="2"/><path d="M8.6 1v26M17.4 1v26"/></g>';
const MATES = '<g class="mates"><circle cx="4.2" cy="7" r="3.1"/><circle cx="21.8" cy="7" r="3.1"/></g>';
const DEED = '<g class="deed"><path d="M13 12.4l1.7 3.6 3.8-1.4-1.4 3.8 3.6 1.7-3.6 1.7 1.4 3.8-3.8-1.4-1.7 3.6-1.7-3.6-3.8 1.4 1.4-3.8-3.6-1.7 3.6-1.7-1.4-3.8 3.8 1.4z"/></g>';

// What outlives a change of view: the month and the pace, until there is a new guess.
const kept = {month: FIRST, pace: matchMedia("(prefers-reduced-motion: reduce)").matches ? "slow" : "normal"};
const films = new WeakMap();

export default function (component) {
  const {parentElement: root, data} = component;
  let film = films.get(root);
  if (!film) films.set(root, film = new Film(root));
  film.show(data);
  return () => film.leave();
}

function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

function percent(hits, number) {
  return number ? Math.floor(100 * hits / number + 0.5) : null;
}

class Film {
  constructor(root) {
    this.find = (name) => root.querySelector(name);
    this.findAll = (name) => [...root.querySelectorAll(name)];
    this.month = kept.month;
    this.pace = kept.pace;
    this.find(".play").onclick = () => this.playing ? this.pause() : this.play();
    this.find(".back").onclick = () => { this.pause(); this.go(this.month - 1); };
    this.find(".next").onclick = () => { this.pause(); this.go(this.month + 1); };
    this.find("input").oninput = (event) => { this.pause(); this.go(Number(event.target.value)); };
    this.find("select").onchange = (event) => this.paced(event.target.value);
    this.sizes = new ResizeObserver(() => this.fit());
    this.sizes.observe(this.find(".film"));
  }

  show(data) {
    const bytes = Uint8Array.from(atob(data.months), (letter) => letter.charCodeAt(0));
    const frames = LAST - FIRST + 1;
    if (kept.guess !== String(data.guess)) this.month = FIRST;
    kept.guess = String(data.guess);
    Object.assign(this, {data, words: data.words, state: (i, month) => bytes[i * frames + month - FIRST]});
    this.groups = this.findAll(".people").map((box) => {
      const arm = box.closest(".mentored") ? 1 : 0, high = box.classList.contains("high") ? 1 : 0;
      const members = data.mentored.flatMap((side, i) => side === arm && data.highest[i] === high ? [i] : []);
      return {box, arm, high, members, label: box.previousElementSibling};
    });
    this.find(".film").hidden = false;  // not before there is something in it
    this.label();
    this.people();
    this.fit();
    if (this.playing && !this.clock) this.tick();
  }

  leave() {
    clearTimeout(this.clock);
    this.clock = null;
    Object.assign(kept, {month: this.month, pace: this.pace});
  }

  label() {
    const words = this.words;
    this.find(".bar").setAttribute("aria-label", words.controls);
    this.find(".back").setAttribute("aria-label", words.back);
    this.find(".next").setAttribute("aria-label", words.next);
    this.find(".when span").textContent = words.slider;
    this.find(".pace span").textContent = words.pace;
    const select = this.find("select");
    select.replaceChildren(...Object.keys(PACES).map((code) => new Option(words[code], code)));
    select.value = this.pace;
    this.find(".play").textContent = this.playing ? words.pause : words.play;
    this.find(".caption").textContent = words.caption;
    for (const arm of [0, 1]) {
      const number = this.data.mentored.filter((side) => side === arm).length;
      this.find(`.arm.${ARMS[arm]} h3`).textContent = fill(words.arm[arm], {n: number});
    }
  }

  people() {
    const pips = this.data.factors.map((_, k) => `<rect x="${1.4 + 4.9 * k}" y="29.6" width="3.6" height="3.2"/>`).join("");
    this.nodes = [];
    for (const {box, members} of this.groups) {
      box.replaceChildren(...members.map((i) => {
        const node = document.createElementNS(SVG, "svg");
        node.setAttribute("viewBox", "-1 -1 28 35");
        node.innerHTML = `${FIGURE}${CELL}${MATES}${DEED}<g class="pips">${pips}</g>`;
        this.nodes[i] = {node, pips: [...node.querySelectorAll(".pips rect")]};
        return node;
      }));
    }
  }

  // The largest figures with which both halves stay within their height.
  fit() {
    if (!this.groups) return;
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const width = this.find(".people").clientWidth, height = rem * (width < 320 ? 22 : 16.5);
    let size = Math.floor(rem * 3.2);
    const rows = (number) => Math.ceil(number / Math.floor(width / size));
    const tall = (arm) => this.groups.filter((each) => each.arm === arm)
      .reduce((sum, each) => sum + rows(each.members.length) * size * 1.25, 0);
    while (size > 9 && Math.max(tall(0), tall(1)) > height) size -= 1;
    for (const {box} of this.groups) {
      box.style.setProperty("--size", `${size}px`);
      box.classList.toggle("tiny", size < 15);
      const most = Math.max(...this.groups.filter((each) => each.high === Number(box.classList.contains("high")))
        .map((each) => rows(each.members.length)));
      box.style.minHeight = `${most * size * 1.25}px`;
    }
    this.draw();
  }

  play() {
    if (this.month >= LAST) this.month = FIRST;
    this.playing = true;
    this.find(".play").textContent = this.words.pause;
    this.find(".told").textContent = "";
    this.draw();
    this.tick();
  }

  pause() {
    if (!this.playing) return;
    this.playing = false;
    clearTimeout(this.clock);
    this.clock = null;
    this.find(".play").textContent = this.words.play;
    this.draw();
  }

  tick() {
    this.clock = setTimeout(() => {
      this.go(this.month + 1);
      if (this.month >= LAST) this.pause();
      else this.tick();
    }, PACES[this.pace]);
  }

  paced(code) {
    this.pace = kept.pace = code;
    if (!this.playing) return;
    clearTimeout(this.clock);
    this.tick();
  }

  go(month) {
    this.month = kept.month = Math.min(LAST, Math.max(FIRST, month));
    this.draw();
  }

  draw() {
    const {data, words, month} = this;
    const input = this.find("input"), name = words.months[month - FIRST];
    input.value = month;
    input.setAttribute("aria-valuetext", name);
    this.find(".month").textContent = name;
    this.nodes.forEach(({node, pips}, i) => {
      const now = this.state(i, month);
      const is = ["person", now & INSIDE && "inside", now & MEETS && "meets", now & OFFENDS && "offends",
        month < 0 && "before", data.again[i] <= month && "again"];
      node.setAttribute("class", is.filter(Boolean).join(" "));
      const before = month > 0 ? this.state(i, month - 1) : now;
      pips.forEach((pip, k) => {
        const held = now & FACTOR << k, changed = (now ^ before) & FACTOR << k;
        pip.setAttribute("class", held ? changed ? "on won" : "on" : changed ? "lost" : "");
      });
    });
    for (const {box, high, arm, members, label} of this.groups) {
      const hits = members.filter((i) => data.again[i] <= month).length;
      const values = {n: members.length, hits, percent: percent(hits, members.length) ?? "–"};
      label.textContent = fill(high ? words.highest : words.others, values);
      box.setAttribute("aria-label", `${words.armName[arm]}, ${label.textContent}`);
    }
    this.legend();
    this.curves();
    if (this.playing) return;
    this.find(".told").textContent = `${name}. ${this.groups.map(({box}) => box.getAttribute("aria-label")).join(". ")}.`;
  }

  legend() {
    const {data, words, month} = this, everyone = data.mentored.map((_, i) => i);
    const row = (glyph, text, holds) => {
      const cells = [1, 0].map((arm) => {
        const number = everyone.filter((i) => data.mentored[i] === arm && holds(i)).length;
        return `<td>${number}</td>`;
      });
      return `<tr><th scope="row"><div><span>${glyph}</span>${text}</div></th>${cells.join("")}</tr>`;
    };
    const bit = (mask) => (i) => this.state(i, month) & mask;
    const svg = (box, kind, glyph) => `<svg viewBox="${box}" class="${kind}" aria-hidden="true">${glyph}</svg>`;
    const sign = (kind, glyph) => svg("-1 -1 28 30", kind, FIGURE + glyph);
    const square = (kind, at) => `<rect class="${kind}" x="${7 * at + 0.6}" y="0.6" width="5.4" height="5.4"/>`;
    const pip = (k) => svg("0 0 34.6 6.6", "pips", data.factors.map((_, j) => square(j === k ? "on" : "", j)).join(""));
    const rows = [
      row(sign("inside", CELL), words.inside, bit(INSIDE)),
      row(sign("meets", MATES), words.meets, bit(MEETS)),
      row(sign("offends", DEED), words.offends, bit(OFFENDS)),
      row(["mentored", "control"].map((arm) => sign(`again ${arm}`, "")).join(""), words.again, (i) => data.again[i] <= month),
      ...data.factors.map((_, k) => row(pip(k), words.factors[k], (i) => month >= 0 && this.state(i, month) & FACTOR << k)),
    ];
    this.find(".legend").innerHTML = `<thead><tr><th scope="col">${words.everyone}</th><th scope="col" class="mentored">${words.with}</th>`
      + `<th scope="col" class="control">${words.without}</th></tr></thead><tbody>${rows.join("")}</tbody><tfoot><tr><td colspan="3">`
      + `${svg("0 0 6.6 6.6", "pips dot", square("on won", 0))} ${words.won} &nbsp; `
      + `${svg("0 0 6.6 6.6", "pips dot", square("lost", 0))} ${words.lost}</td></tr></tfoot>`;
  }

  curves() {
    const svg = this.find(".curve"), {data, words, month} = this;
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const width = svg.clientWidth, height = svg.clientHeight;
    const labels = this.fixed(rem, width - 18 * rem);
    const left = 3 * rem, right = width - labels.room, top = 0.6 * rem, bottom = height - 2.7 * rem;
    const x = (m) => left + (right - left) * m / LAST, y = (share) => bottom - (bottom - top) * share / 100;
    const parts = [];
    for (const share of [0, 25, 50, 75, 100]) {
      parts.push(`<line class="${share ? "grid" : "axis"}" x1="${left}" x2="${right}" y1="${y(share)}" y2="${y(share)}"/>`,
        `<text x="${left - 0.4 * rem}" y="${y(share) + 0.3 * rem}" text-anchor="end">${share} %</text>`);
    }
    for (const m of [0, 6, 12, 18, 24]) {
      parts.push(`<text x="${x(m)}" y="${bottom + 1.2 * rem}" text-anchor="middle">${m}</text>`);
    }
    parts.push(`<text x="${(left + right) / 2}" y="${bottom + 2.4 * rem}" text-anchor="middle">${words.axis}</text>`);
    const shape = (arm, at, up, kind, size = 0.38 * rem) => arm
      ? `<circle class="${kind}" cx="${at}" cy="${up}" r="${size}"/>`
      : `<rect class="${kind}" x="${at - size}" y="${up - size}" width="${2 * size}" height="${2 * size}"/>`;
    this.marked(labels, x(LAST), y, rem, shape, parts);
    if (month > 0) parts.push(`<line class="now" x1="${x(month)}" x2="${x(month)}" y1="${top}" y2="${bottom}"/>`);
    const now = Math.max(0, month), ends = [0, 1].map((arm) => this.share(arm, now));
    for (const arm of [0, 1]) {
      if (ends[arm] === null) continue;
      const points = Array.from({length: now + 1}, (_, m) => `${x(m).toFixed(1)} ${y(this.share(arm, m)).toFixed(1)}`);
      parts.push(`<path class="${ARMS[arm]}" d="M${points.join("L")}"/>`);
      if (month < 1) continue;
      const higher = ends[arm] > ends[1 - arm] || (ends[arm] === ends[1 - arm] && arm === 0);
      const late = month > 15, at = x(now) + (late ? -0.5 : 0.5) * rem, up = y(ends[arm]) + (higher ? -0.5 : 1.3) * rem;
      const text = `${words[arm ? "with" : "without"]} ${Math.floor(ends[arm] + 0.5)} %`;
      parts.push(shape(arm, x(now), y(ends[arm]), `end ${ARMS[arm]}`, 0.3 * rem),
        `<text class="tip ${ARMS[arm]}" x="${at}" y="${up}" text-anchor="${late ? "end" : "start"}">${text}</text>`);
    }
    svg.innerHTML = parts.join("");
    svg.setAttribute("aria-label", fill(words.curve, {month: now, with: this.said(1), without: this.said(0),
      seenWith: data.seen[1], seenWithout: data.seen[0], guessWith: data.guess[1], guessWithout: data.guess[0]}));
  }

  // Labels of what was observed and what was guessed: with the arm in words if there is room for that.
  fixed(rem, most) {
    const {data, words} = this, labels = [];
    for (const arm of [0, 1]) {
      for (const kind of ["seen", "guess"]) {
        const value = data[kind][arm], short = fill(words[kind], {value});
        labels.push({arm, kind, value, short, long: `${words[arm ? "with" : "without"]}: ${short}`});
      }
    }
    const pen = document.createElement("canvas").getContext("2d");
    pen.font = `${0.875 * rem}px ${getComputedStyle(this.find(".film")).fontFamily}`;
    const room = (text) => Math.max(...labels.map((each) => pen.measureText(each[text]).width)) + 1.5 * rem;
    const text = room("long") <= most ? "long" : "short";
    return {rows: labels.sort((one, other) => other.value - one.value), text, room: room(text)};
  }

  // Marks at month 24 with their labels, which keep their distance from each other.
  marked({rows, text}, at, y, rem, shape, parts) {
    let last = -Infinity;
    for (const each of rows) last = each.place = Math.max(y(each.value), last + 1.05 * rem);
    const over = Math.max(0, last - y(-4));
    for (const each of rows) {
      const {arm, kind, value} = each, place = each.place - over;
      parts.push(`<line class="lead" x1="${at}" y1="${y(value)}" x2="${at + 0.9 * rem}" y2="${place}"/>`,
        shape(arm, at, y(value), kind),
        `<text class="${kind}" x="${at + 1.1 * rem}" y="${place + 0.3 * rem}">${each[text]}</text>`);
    }
  }

  share(arm, month) {
    const members = this.groups.find((each) => each.arm === arm && each.high).members;
    return members.length ? 100 * members.filter((i) => this.data.again[i] <= month).length / members.length : null;
  }

  said(arm) {
    const share = this.share(arm, Math.max(0, this.month));
    return share === null ? "–" : Math.floor(share + 0.5);
  }
}
