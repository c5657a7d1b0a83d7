// Where the volunteers live: a slider for each town, coupled here so that they always hold the same number in all.
// The server is told when the hand has come to rest.

const REST = 250; // milliseconds
const boards = new WeakMap();

export default function (component) {
  const { parentElement: root, data, setStateValue } = component;
  let board = boards.get(root);
  if (!board) boards.set(root, (board = new Board(root)));
  board.show(data, setStateValue);
}

// One town has so many: the one with most for its inhabitants gives, the one with fewest takes, one at a time.
export function moved(spread, town, number, inhabitants, total) {
  const now = [...spread];
  now[town] = number;
  const others = now.map((_, k) => k).filter((k) => k !== town);
  const least = (found, rate) => found.reduce((best, k) => (rate(k) < rate(best) ? k : best));
  for (let over = now.reduce((a, b) => a + b) - total; over > 0; over--) {
    now[least(others.filter((k) => now[k] > 0), (k) => -now[k] / inhabitants[k])] -= 1;
  }
  for (let under = total - now.reduce((a, b) => a + b); under > 0; under--) {
    now[least(others, (k) => (now[k] + 1) / inhabitants[k])] += 1;
  }
  return now;
}

class Board {
  constructor(root) {
    this.box = document.createElement("div");
    this.box.className = "towns";
    root.append(this.box);
  }

  show(data, tell) {
    this.data = data;
    this.tell = tell;
    if (!this.towns) this.towns = data.towns.map((town, k) => this.town(town, k));
    if (this.waiting === undefined) this.spread = data.spread;
    this.draw();
  }

  town(town, k) {
    const part = document.createElement("div");
    part.className = "town";
    part.innerHTML = `<label for="town-${k}"><span></span><output for="town-${k}"></output></label>
      <input id="town-${k}" type="range" min="0" step="1"><div class="pairs" aria-hidden="true"></div><p></p>`;
    part.querySelector("span").textContent = town.name;
    const input = part.querySelector("input");
    input.max = this.data.total;
    input.oninput = () => this.move(k, Number(input.value));
    input.onblur = () => this.send();
    this.box.append(part);
    return { part, input };
  }

  move(town, number) {
    this.spread = moved(this.spread, town, number, this.data.towns.map((each) => each.inhabitants), this.data.total);
    this.draw();
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.send(), REST);
  }

  send() {
    if (this.waiting === undefined) return;
    clearTimeout(this.waiting);
    this.waiting = undefined;
    this.tell("spread", this.spread.join("."));
  }

  draw() {
    const { words, towns } = this.data;
    this.towns.forEach(({ part, input }, k) => {
      const number = this.spread[k], pairs = Math.floor(number / 2), alone = number % 2;
      const said = (pairs === 1 ? words.one : words.many).replace("{n}", pairs);
      const whole = alone ? words.left.replace("{pairs}", said) : said;
      input.value = number;
      input.setAttribute("aria-valuetext", `${number}: ${whole}`);
      part.querySelector("output").textContent = number;
      part.querySelector(".pairs").innerHTML =
        "<i><b></b><b></b></i>".repeat(pairs) + (alone ? '<i class="alone"><b></b></i>' : "");
      part.querySelector("p").textContent = `${whole}; ${towns[k].expected}`;
    });
  }
}
