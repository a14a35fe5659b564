// The page stays true while it is open: the feed's socket, the clock, chips that count on, keys, and the signs that
// say how old the page is. Every fact is rendered by the server; this file only asks for it again.
// Without it every list, link and form works.

const words = JSON.parse(document.querySelector('meta[name="stafet-words"]').content);
const danish = document.documentElement.lang === "da";
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const say = (text, values = {}) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const main = $("#main");
const bars = $("#bars");
const isList = () => "cards" in main.dataset || "rows" in main.dataset;
const ITEMS = ".card[data-task], tr.row[data-stay]";

const MINUTE = 60_000, HOUR = 3_600_000, DAY = 86_400_000;
const UNSTABLE = 15_000;    // after this a lost connection is called lost
const STALE = 60_000;       // after this nobody should trust the page
const QUIET = 30_000;       // untouched for so long: new things go in by themselves
const SETTLE = 10_000;      // and changed things go where they belong
const ANNOUNCE = 5_000;     // at most one announcement in this time

// ---- the server's clock ----

const clock = $("#clock");
let base = clock ? Date.parse(clock.dataset.serverNow) : Date.now();
let started = performance.now();
const now = () => base + performance.now() - started;
const zoned = new Intl.DateTimeFormat("en-GB", {
  timeZone: "Europe/Copenhagen", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
});
const dated = new Intl.DateTimeFormat("en-CA", { timeZone: "Europe/Copenhagen" });
const timeOf = (at, seconds = false) => {
  const said = zoned.format(new Date(at)).slice(0, seconds ? 8 : 5);
  return danish ? said.replaceAll(":", ".") : said;
};
const dayOf = (at) => dated.format(new Date(at));

// The demo's clock can be set forward: the server's newest word counts.
function agree(instant) {
  const told = Date.parse(instant);
  if (!Number.isNaN(told) && Math.abs(told - now()) > 2_000) {
    base = told;
    started = performance.now();
  }
}

// ---- announcements: one polite region, grouped ----

let lastSaid = -ANNOUNCE, toSay = [];
function announce(text) {
  toSay = [...toSay.filter((earlier) => earlier !== text), text];
  setTimeout(() => {
    if (!toSay.length) return;
    lastSaid = performance.now();
    $("#announce").textContent = toSay.join(". ");
    toSay = [];
  }, Math.max(0, lastSaid + ANNOUNCE - performance.now()));
}

// ---- bars: how far the page can be trusted. Their icons stand in the page: there may be no connection ----

let shownBar = "", heldUntil = 0;      // a refused press is said long enough to be read
function bar(kind, strong = "", more = "", action = "", press = null) {
  if (!kind) {
    shownBar = "";
    bars.replaceChildren();
    return;
  }
  const icon = { rule: "offline", off: "offline", stale: "octagon", back: "check", news: "up" }[kind];
  if (shownBar !== kind) {
    bars.innerHTML = `<div class="bar ${kind === "news" ? "rule" : kind}" role="${kind === "stale" ? "alert" : "status"}">`
      + `<svg class="i" viewBox="0 0 16 16" aria-hidden="true"><use href="#b-${icon}"/></svg>`
      + '<p class="grow"></p></div>';
    if (action) {
      const button = document.createElement("button");
      button.className = "btn";
      button.type = "button";
      button.textContent = action;
      button.addEventListener("click", press);
      bars.firstChild.append(button);
    }
    shownBar = kind;
  }
  const line = $("p", bars);
  const rest = document.createElement("span");
  rest.textContent = more;
  line.replaceChildren(`${strong} `, rest);
}

function grey(isOld) {
  for (const item of $$(ITEMS)) item.classList.toggle("is-stale", isOld);
}

// ---- the socket ----

let socket = null;
let cursor = { feed: main.dataset.feed, epoch: main.dataset.epoch, offset: Number(main.dataset.offset) };
let state = "off";            // off, connecting, live, ended
let heard = performance.now();
let lostAt = null, lostClock = 0, attempts = 0, retryAt = 0, retryTimer = 0, beat = 20_000;
let sinceBack = null, deliverTimer = 0;
let toldLost = false;         // a bar has said so; another says when it is over

function send(frame) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
}

function follow() {
  send({ type: "follow", feed: "default", epoch: cursor.epoch, offset: cursor.offset });
}

function deliver() {
  if (deliverTimer) return;
  deliverTimer = setTimeout(() => {
    deliverTimer = 0;
    send({ type: "delivered", feed: cursor.feed, offset: cursor.offset });
  }, 250);
}

async function connect() {
  if (state === "ended" || state === "connecting") return;
  clearTimeout(retryTimer);
  state = "connecting";
  let ticket;
  try {
    const answer = await fetch("/live/ticket", { method: "POST", cache: "no-store" });
    if (answer.status === 401) return signedOut();
    if (!answer.ok) return lost();
    ticket = (await answer.json()).ticket;
  } catch {
    return lost();
  }
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const opened = new WebSocket(`${scheme}://${location.host}/live?ticket=${encodeURIComponent(ticket)}`);
  socket = opened;
  opened.addEventListener("open", follow);
  opened.addEventListener("message", (event) => {
    if (opened === socket) receive(JSON.parse(event.data));
  });
  opened.addEventListener("close", (event) => {
    if (opened !== socket) return;
    socket = null;
    if (event.reason.startsWith("token-expired")) signedOut();
    else lost();
  });
}

function lost() {
  state = "off";
  if (lostAt === null) {
    lostAt = performance.now();
    lostClock = now();
  }
  // Full jitter: a restarted server is not met by everybody at once.
  const wait = 500 + Math.random() * Math.min(19_500, 500 * 2 ** attempts);
  attempts += 1;
  retryAt = performance.now() + wait;
  clearTimeout(retryTimer);
  retryTimer = setTimeout(connect, wait);
  tick();
}

function retryNow() {
  attempts = 0;
  bar("");
  connect();
}

function signedOut() {
  state = "ended";
  bar("");
  bar("off", words.ended, "", words.signIn, () => location.assign("/"));
  grey(true);
}

function receive(frame) {
  heard = performance.now();
  switch (frame.type) {
    case "following":
      cursor.feed = frame.feed;
      beat = (frame.heartbeat_s ?? 20) * 1000;
      if (frame.epoch) cursor.epoch = frame.epoch;
      isLive();
      deliver();       // the page itself delivered everything up to here
      break;
    case "entry":
      agreeIfLater(frame.at);
      if (frame.offset <= cursor.offset) break;
      if (frame.offset !== cursor.offset + 1) {
        follow();      // a hole: ask again from where we are
        break;
      }
      cursor.offset = frame.offset;
      if (sinceBack !== null) sinceBack += 1;
      deliver();
      entry(frame);
      break;
    case "heartbeat":
      if (frame.offset > cursor.offset) follow();
      break;
    case "reset":
      cursor = { feed: frame.feed, epoch: frame.epoch, offset: frame.offset };
      isLive();
      sinceBack = null;
      bar("");
      refresh(true).then(deliver);
      break;
    case "error":
      if (frame.code === "bad-offset") refresh(true);
      break;
    default:
  }
}

const agreeIfLater = (instant) => {
  if (Date.parse(instant) > now() + 2_000) agree(instant);
};

function isLive() {
  state = "live";
  attempts = 0;
  const wasLost = lostAt !== null;
  const wasTold = toldLost;
  lostAt = null;
  toldLost = false;
  grey(false);
  if (!wasLost) return tick();
  if (!wasTold) {
    bar("");
    return tick();
  }
  sinceBack = 0;
  const at = timeOf(now());
  setTimeout(() => {
    if (state !== "live" || sinceBack === null) return;
    const text = sinceBack === 0 ? words.backNone : sinceBack === 1 ? words.backOne : words.backMany;
    bar("");
    bar("back", say(words.back, { at }), say(text, { n: sinceBack }));
    announce(say(words.back, { at }));
    sinceBack = null;
    setTimeout(() => shownBar === "back" && bar(""), 5_000);
  }, 1_200);
  tick();
}

// ---- what an entry means for this page ----

const LEVELS = { stat: 0, asap: 0, urgent: 1, routine: 2 };
const CALLS = ["task-reminder", "task-escalated", "task-overdue"];     // somebody has been waited for
const grouped = new Set();      // tasks that came silently: the alert budget of the shift is spent
const pending = new Map();      // id -> { level, html }
const changing = new Map();     // id -> timer: several entries of one item make one request

function entry(frame) {
  const rings = !frame.audience?.length || frame.audience.includes(main.dataset.role);
  if (rings && CALLS.includes(frame.event)) {
    if (frame.rings === false) group(frame.task);
    else ring(words.called);
  }
  if ("cards" in main.dataset) {
    if (frame.task) {
      const shown = document.getElementById(`task-${frame.task}`);
      if (shown) soon(frame.task, () => replaceItem(shown.id, main.dataset.cards + frame.task));
      else if (rings && main.dataset.shows !== "no" && isNews(frame)) soon(frame.task, () => offer(frame));
    } else if (frame.stay) {
      for (const card of $$(`.card[data-stay="${CSS.escape(frame.stay)}"]`)) {
        soon(card.dataset.task, () => replaceItem(card.id, main.dataset.cards + card.dataset.task));
      }
    }
    countsSoon();
  } else if ("rows" in main.dataset) {
    if (!frame.stay) return;
    const id = `stay-${frame.stay}`;
    if (document.getElementById(id)) soon(frame.stay, () => replaceItem(id, main.dataset.rows + frame.stay));
    else if (isNews(frame)) soon(frame.stay, () => offer(frame));
    countsSoon();
  } else if ("news" in main.dataset) {
    if (frame.event !== main.dataset.news) return;
    newsCount += 1;
    ask();
  } else if (main.dataset.watch === undefined || main.dataset.watch === frame.stay) {
    news();
  }
}

// On a list of several pages, what is not in sight may well stand on another page.
const isPaged = () => $("[data-more]") !== null;
const isNews = (frame) => !isPaged() || frame.event === ("cards" in main.dataset ? "task-requested" : "stay-changed");

// What came silently is told with the next thing that rings, and stands beside the pill until then.
const groupedText = () => say(grouped.size === 1 ? words.groupedOne : words.grouped, { n: grouped.size });

function ring(text) {
  announce(grouped.size ? `${text}. ${groupedText()}` : text);
}

function group(task) {
  grouped.add(task);
  showGroup();
}

function showGroup() {
  const note = $("#grouped");
  if (!note) return;
  note.textContent = grouped.size ? groupedText() : "";
  const holder = note.closest(".boardhead");
  if (holder && grouped.size) holder.hidden = false;
}

function soon(key, action) {
  clearTimeout(changing.get(key));
  changing.set(key, setTimeout(() => {
    changing.delete(key);
    action();
  }, 60));
}

async function fragment(url) {
  try {
    const answer = await fetch(url, { headers: { "HX-Request": "true" }, cache: "no-store" });
    if (answer.status === 401) signedOut();
    return answer.ok ? await answer.text() : null;
  } catch {
    return null;
  }
}

function parsed(html) {
  const template = document.createElement("template");
  template.innerHTML = html.trim();
  return template.content.firstElementChild;
}

// In place, at least as high as before, with the focus where it was.
async function replaceItem(id, url) {
  // What a lost press was told stays until the list is tidied.
  if ("notice" in (document.getElementById(id)?.dataset ?? {})) return settleSoon();
  const html = await fragment(url);
  const old = document.getElementById(id);
  if (!old || "notice" in old.dataset) return;
  // The answer to one's own press comes first: it says who won, this only how things stand.
  if (old.classList.contains("busy")) return void setTimeout(() => replaceItem(id, url), 300);
  if (html === null) {
    old.classList.add("is-stale");
    return settleSoon();
  }
  put(old, parsed(html));
  settleSoon();
}

function put(old, fresh) {
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const place = focused && focused !== old ? describe(focused) : null;
  if (old.tagName === "ARTICLE") fresh.style.minHeight = `${old.getBoundingClientRect().height}px`;
  fresh.classList.toggle("sel", old.classList.contains("sel"));
  const wasOpen = $("details", old)?.open;
  if (wasOpen && $("details", fresh)) $("details", fresh).open = true;
  fresh.hidden = old.hidden;
  old.replaceWith(fresh);
  if (fresh.dataset.now) agree(fresh.dataset.now);
  window.htmx?.process(fresh);
  adopt(fresh);
  if (focused) ((place && $(place, fresh)) || focusable(fresh)).focus({ preventScroll: true });
}

function describe(element) {
  const form = element.closest("form[data-move]");
  if (form) return `form[data-move="${form.dataset.move}"] button`;
  if (element.tagName === "SUMMARY") return "summary";
  const href = element.getAttribute("href");
  return href ? `a[href="${CSS.escape(href)}"]` : null;
}

const focusable = (item) => (item.tagName === "TR" ? $(".who a", item) : item);

// ---- new things wait behind a pill ----

const pill = () => $("#newpill");

async function offer(frame) {
  const inCards = "cards" in main.dataset;
  const key = inCards ? frame.task : frame.stay;
  const html = await fragment((inCards ? main.dataset.cards : main.dataset.rows) + key);
  if (html === null) return;
  const item = parsed(html);
  if (!item || document.getElementById(item.id)) return;
  if (inCards && item.classList.contains("small")) {
    // Taken or withdrawn before anybody here saw it: it is not new any more.
    if (pending.delete(key)) showPill();
    return;
  }
  pending.set(key, { level: LEVELS[frame.priority] ?? 2, item });
  showPill(frame.rings !== false);
}

function showPill(isSaid = true) {
  const button = pill();
  if (!button) return;
  const count = pending.size;
  button.hidden = count === 0;
  const holder = button.closest(".boardhead");
  if (holder) holder.hidden = count === 0 && !$("#hidden-rows")?.textContent && !grouped.size;
  if (!count) return;
  const levels = [...pending.values()].map((one) => one.level);
  const urgent = levels.filter((level) => level === 0).length, hasty = levels.filter((level) => level === 1).length;
  const text = say(count === 1 ? words.newOne : words.new, { n: count });
  const extra = urgent ? say(words.nowCount, { n: urgent }) : hasty ? say(words.soonCount, { n: hasty }) : "";
  const icon = (name) => `<svg class="i" viewBox="0 0 16 16" aria-hidden="true"><use href="#b-${name}"/></svg>`;
  button.innerHTML = icon("up") + '<span class="n"></span>'
    + (extra ? `<span class="u">${icon(urgent ? "triangle" : "diamond")}<span class="x"></span></span>` : "");
  $(".n", button).textContent = text;
  if (extra) $(".x", button).textContent = extra;
  if (isSaid) ring(extra ? `${text}, ${extra}` : text);
}

async function showNew(byHand) {
  if (!pending.size) return;
  const waiting = [...pending.values()];
  if (isPaged()) return byHand ? seek(waiting) : refresh(true);
  pending.clear();
  if ("rows" in main.dataset) {
    await refresh(true);
    if (byHand) select(document.getElementById(waiting[0].item.id) ?? $(ITEMS), true);
    return;
  }
  const list = $('.feed[data-section="free"], .feed[data-section="only"]');
  if (!list) return refresh(true);
  $("[data-empty]", list.parentElement)?.remove();
  let first = null;
  for (const { item } of waiting) {
    if (document.getElementById(item.id)) continue;
    const place = document.createElement("li");
    place.append(item);
    item.classList.add("fresh");
    const after = [...list.children].find((li) => (li.firstElementChild?.dataset.sort ?? "") > item.dataset.sort);
    list.insertBefore(place, after ?? null);
    window.htmx?.process(item);
    adopt(item);
    if (!first || item.dataset.sort < first.dataset.sort) first = item;
  }
  showPill();
  if (byHand && first) select(first, true);
}

// The server knows on which page the new one stands.
function seek(waiting) {
  const [first] = waiting.map(({ item }) => item).sort((a, b) => (a.dataset.sort < b.dataset.sort ? -1 : 1));
  location.assign(paged("at", first.dataset.task ?? first.dataset.stay));
}

function paged(name, value) {
  const list = new URL(address(), location.href);
  list.searchParams.delete("page");
  list.searchParams.delete("at");
  list.searchParams.set(name, value);
  return list;
}

// ---- the whole list again: counters, order, what went away ----

let countTimer = 0;
function countsSoon() {
  clearTimeout(countTimer);
  countTimer = setTimeout(async () => {
    const page = await whole();
    if (page) counts(page);
  }, 1_500 + Math.random() * 1_000);
}

// A page that answers a form stands at an address that can only be posted to; its own address is in the page.
const address = () => (main.dataset.list ?? location.pathname) === location.pathname
  ? location.pathname + location.search : main.dataset.list;
const again = () => location.assign(address());

async function whole() {
  try {
    const answer = await fetch(address(), { cache: "no-store" });
    if (!answer.ok || answer.redirected) return null;
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch {
    return null;
  }
}

function counts(page) {
  for (const fresh of $$("[data-count]", page)) {
    const shown = $(`[data-count="${fresh.dataset.count}"]`);
    if (!shown) continue;
    shown.className = fresh.className;
    shown.innerHTML = fresh.innerHTML;
  }
  const tab = $(".tabs [aria-current]", page), mine = $(".tabs [aria-current]");
  if (tab && mine) mine.innerHTML = tab.innerHTML;
}

let settleTimer = 0;
function settleSoon() {
  clearTimeout(settleTimer);
  settleTimer = setTimeout(function settle() {
    const busy = main.contains(document.activeElement) && document.activeElement !== main;
    if (busy || main.matches(":hover") || performance.now() - touched < SETTLE) {
      settleTimer = setTimeout(settle, 2_000);
      return;
    }
    refresh(false);
  }, SETTLE);
}

const isDirty = () => $$("main input, main textarea, main select").some((field) => {
  if (field.type === "hidden" || field.id === "q") return false;
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  if (field.tagName === "SELECT") return ![...field.options].every((option) => option.selected === option.defaultSelected)
    && [...field.options].some((option) => option.defaultSelected);
  return field.value !== field.defaultValue;
});

// `mustShow`: something is missing from the page. Written text is never thrown away.
async function refresh(mustShow) {
  // What was found stands at no address: the whole list in its place would hide what stands on its later pages.
  const isFound = isPaged() && address() !== location.pathname + location.search;
  if (isDirty() || isFound) {
    if (mustShow) ask();
    return;
  }
  const page = await whole();
  const fresh = page && $("#main", page);
  if (!fresh || isDirty()) return;
  const focusedId = document.activeElement?.closest?.("[id]")?.id;
  const selected = $(".sel")?.id;
  const query = $("#q")?.value;
  counts(page);
  if (page.title) document.title = page.title;
  const patient = $(".pbar"), freshPatient = $(".pbar", page);
  if (patient && freshPatient) patient.replaceWith(freshPatient);
  const opened = openedIn(main);
  main.replaceChildren(...fresh.childNodes);
  for (const detail of $$("details", main)) detail.open ||= opened.includes(nameOf(detail));
  if (query && $("#q")) {
    $("#q").value = query;
    narrow();
  }
  window.htmx?.process(main);
  for (const item of $$(ITEMS)) adopt(item);
  // What stands on another page is still to be found: the pill leads there.
  for (const [key, one] of pending) {
    one.tried = isPaged() && !document.getElementById(one.item.id);
    if (!one.tried) pending.delete(key);
  }
  grouped.clear();
  showPill();
  const told = $("#clock", page)?.dataset.serverNow;
  if (told) agree(told);
  if (selected) select(document.getElementById(selected), false);
  if (focusedId && focusedId !== "main") {
    const back = document.getElementById(focusedId);
    if (back && main.contains(back)) (back.matches(ITEMS) ? focusable(back) : back).focus?.({ preventScroll: true });
  }
  tick();
}

// What somebody opened stays open, by where it stands and what it is called.
const nameOf = (detail) => `${detail.closest("[id]").id} ${$("summary", detail)?.textContent}`;
const openedIn = (place) => $$("details[open]", place).map(nameOf);

let newsCount = 0;
function news() {
  newsCount += 1;
  clearTimeout(countTimer);
  countTimer = setTimeout(() => {
    const typing = main.contains(document.activeElement) && document.activeElement.matches("input, textarea, select");
    const said = say(newsCount === 1 ? words.changed : words.changedMany, { n: newsCount });
    announce(said);
    if (typing || isDirty()) return ask();
    newsCount = 0;
    refresh(true);
  }, 300);
}

function ask() {
  bar("");
  bar("news", say(newsCount > 1 ? words.changedMany : words.changed, { n: newsCount }), "", words.reload, again);
}

// ---- acting: seen at once, sent once ----

function restore(card) {
  card.classList.remove("busy");
  for (const form of $$("form[data-sent]", card)) {
    delete form.dataset.sent;
    const button = $("button", form);
    if (button?.dataset.word) button.innerHTML = button.dataset.word;
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.closest(".find")) {
    if (!$("[data-more]")) event.preventDefault();
    return;
  }
  if (!form.matches("form[data-move]")) {
    // A browser that is offline would show a page of its own in place of what was written.
    if (form.method === "post" && !navigator.onLine) {
      event.preventDefault();
      notSent(form, event.submitter);
    }
    return;
  }
  const card = form.closest(".card");
  if (form.dataset.sent || state === "ended" || (lostAt !== null && performance.now() - lostAt > UNSTABLE)) {
    event.preventDefault();
    event.stopImmediatePropagation();
    if (!form.dataset.sent) refusedPress();
    return;
  }
  form.dataset.sent = "yes";
  if (!card) return;
  card.classList.add("busy");
  const button = $("button", form);
  button.dataset.word = button.innerHTML;
  if (form.dataset.move === "accept") {
    button.textContent = words.saving;
    announce(words.saving);
  }
}, true);

function notSent(form, button) {
  bar("");
  bar("off", words.notSent, "", words.tryNow, () => {
    bar("");
    form.requestSubmit(button);
  });
  heldUntil = performance.now() + 6_000;
  announce(words.notSent);
}

function refusedPress() {
  bar("");
  bar("off", words.noAnswer, "", words.tryNow, retryNow);
  heldUntil = performance.now() + 6_000;
  setTimeout(() => lostAt === null && shownBar === "off" && bar(""), 6_000);
  announce(words.noAnswer);
}

// Only a card may replace a card: an error page or a sign-in page must not land in the list.
document.addEventListener("htmx:after:request", (event) => {
  const { ctx } = event.detail;
  const card = ctx.sourceElement?.closest?.(".card");
  if (!card || ctx.text?.trimStart().startsWith("<article")) return;
  event.preventDefault();
  restore(card);
  if (ctx.response.status === 401) signedOut();
  else refusedPress();
});
document.addEventListener("htmx:error", (event) => {
  const card = event.detail.ctx?.sourceElement?.closest?.(".card");
  if (!card) return;
  restore(card);
  refusedPress();
});
let heights = new Map();
document.addEventListener("htmx:before:swap", (event) => {
  const target = event.detail.ctx?.target;
  if (target?.matches?.(".card")) {
    heights.set(target.id, { height: target.getBoundingClientRect().height, focus: target.contains(document.activeElement), sel: target.classList.contains("sel") });
  }
});
document.addEventListener("htmx:after:swap", () => {
  for (const [id, was] of heights) {
    const card = document.getElementById(id);
    heights.delete(id);
    if (!card) continue;
    card.style.minHeight = `${was.height}px`;
    card.classList.toggle("sel", was.sel);
    if (was.focus) card.focus({ preventScroll: true });
    if (card.dataset.now) agree(card.dataset.now);
    adopt(card);
    settleSoon();
    countsSoon();
  }
});

// What a new piece of page needs: its undo button runs out, and it is grey when the page is.
function adopt(item) {
  if (lostAt !== null && performance.now() - lostAt > UNSTABLE) item.classList.add("is-stale");
  const undo = $("[data-undo]", item);
  if (undo) setTimeout(() => {
    if (undo.contains(document.activeElement)) item.focus?.({ preventScroll: true });
    undo.remove();
  }, Number(undo.dataset.undo) * 1000);
}

// ---- counting on ----

function spanOf(left) {
  const minutes = Math.floor(left / MINUTE) % 60, hours = Math.floor(left / HOUR);
  return say(hours ? words.hoursMinutes : words.minutes, { h: hours, m: minutes }).replaceAll(" ", "\u00a0");
}

function lateOf(late) {
  const days = Math.floor(late / DAY);
  const said = late < HOUR ? say(words.minutes, { m: Math.floor(late / MINUTE) })
    : late < DAY ? say(words.hours, { h: Math.floor(late / HOUR) })
      : say(days === 1 ? words.day : words.days, { n: days });
  return said.replaceAll(" ", "\u00a0");
}

function count(chip, at) {
  const left = Date.parse(chip.dateTime) - at;
  const label = $("b", chip);
  let text = null;
  if (left < 0) text = say(words.late, { span: lateOf(-left) });
  else if (left < HOUR || (left < 12 * HOUR && dayOf(at) === dayOf(Date.parse(chip.dateTime) - 1))) text = say(words.in, { span: spanOf(left) });
  if (text !== null && label.textContent !== text) label.textContent = text;
  if (chip.dataset.flips && Date.parse(chip.dataset.flips) <= at) {
    delete chip.dataset.flips;
    const item = chip.closest(ITEMS);
    if (!item) return news();
    const url = item.dataset.task && "cards" in main.dataset ? main.dataset.cards + item.dataset.task : main.dataset.rows + item.dataset.stay;
    setTimeout(() => replaceItem(item.id, url), Math.random() * 2_000);
    countsSoon();
  }
}

let touched = performance.now(), today = dayOf(now());
for (const kind of ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"]) {
  document.addEventListener(kind, () => { touched = performance.now(); }, { passive: true });
}

function tick() {
  const at = now();
  if (clock) {
    const shown = timeOf(at);
    if (clock.textContent !== shown) clock.textContent = shown;
  }
  for (const chip of $$("[data-due]")) count(chip, at);
  if (!main.dataset.feed) return;
  if (dayOf(at) !== today) {
    today = dayOf(at);
    refresh(true);
  }
  const age = performance.now() - heard;
  if (state === "live" && age > beat + 5_000) {
    socket?.close();
    socket = null;
    lost();
  }
  freshness(age);
  if (state !== "ended" && lostAt !== null) trouble(age);
  if ([...pending.values()].some((one) => !one.tried) && performance.now() - touched > QUIET) showNew(false);
}

function freshness(age) {
  const word = $("#live-word");
  if (!word) return;
  const seconds = Math.floor(age / 1000);
  const strong = $("strong", word);
  strong.textContent = state === "live" ? words.live : words.notLive;
  strong.classList.toggle("still", state !== "live");
  $("span", word).textContent = seconds < 60
    ? say(words.updated, { n: seconds }) : say(words.updatedMinutes, { n: Math.floor(seconds / 60) });
}

function trouble(age) {
  if (performance.now() < heldUntil) return;
  const gone = performance.now() - lostAt;
  toldLost ||= age > STALE || gone > 1_000 || !navigator.onLine;
  if (age > STALE) {
    grey(true);
    bar("stale", say(words.stale, { n: Math.max(1, Math.floor(age / MINUTE)) }), words.staleMore, words.reload, again);
  } else if (gone > UNSTABLE || !navigator.onLine) {
    grey(true);
    bar("off", say(words.offline, { at: timeOf(lostClock, true) }), words.offlineMore, words.tryNow, retryNow);
  } else if (gone > 1_000) {
    const left = Math.ceil((retryAt - performance.now()) / 1000);
    bar("rule", words.unstable, left > 0 ? say(words.retry, { n: left }) : words.retrying);
  }
}

// ---- selection and keys ----

function select(item, focus) {
  if (!item) return;
  for (const other of $$(".sel")) other.classList.remove("sel");
  item.classList.add("sel");
  if (focus) {
    focusable(item).focus({ preventScroll: true });
    item.scrollIntoView({ block: "nearest" });
  }
}

document.addEventListener("focusin", (event) => {
  const item = event.target.closest?.(ITEMS);
  if (item && !item.classList.contains("sel")) select(item, false);
});

document.addEventListener("click", (event) => {
  if (event.target.closest("#newpill")) showNew(true);
  if (event.target.closest("[data-next]")) select($(".card[data-task]:not(.small)"), true);
  if (event.target.closest("#keys-help")) $("#keys").showModal();
  const menu = $("details.menu[open]");
  if (menu && !menu.contains(event.target)) menu.open = false;
});

function step(by) {
  const items = $$(ITEMS).filter((item) => !item.hidden);
  const at = items.indexOf($(".sel"));
  select(items[at < 0 ? (by > 0 ? 0 : items.length - 1) : Math.min(items.length - 1, Math.max(0, at + by))], true);
}

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  a: () => ($(".sel .btn.go") ?? $(".sel .btn") ?? (isList() ? null : $("main .btn.go")))?.click(),
  u: () => ($(".sel [data-undo] button") ?? $("[data-undo] button"))?.click(),
  n: () => showNew(true),
  "/": () => $("#q")?.focus(),
  "?": () => $("#keys")?.showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    document.body.classList.add("no-tips");
    setTimeout(() => document.body.classList.remove("no-tips"), 3_000);
    const menu = $("details.menu[open]");
    if (menu) {
      menu.open = false;
      $("summary", menu).focus();
    }
    return;
  }
  if (document.body.dataset.keys === "off" || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.target.closest("input, textarea, select, dialog, [contenteditable]")) return;
  if (event.key === "Enter") {
    if (event.target.matches(".card")) $("h3 a", event.target)?.click();
    return;
  }
  const action = KEYS[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

// ---- find on the board, without asking the server ----

function narrow() {
  const query = $("#q").value.trim().toLowerCase();
  let hidden = 0;
  for (const row of $$("tr.row[data-find]")) {
    row.hidden = query !== "" && !row.dataset.find.includes(query);
    hidden += row.hidden;
  }
  for (const group of $$("tbody[data-group]")) group.hidden = $$("tr.row", group).every((row) => row.hidden);
  const note = $("#hidden-rows");
  note.textContent = hidden ? say(words.hidden, { n: hidden }) : "";
  showPill();
}
document.addEventListener("input", (event) => {
  if (event.target.id === "q") narrow();
});

// ---- begin ----

for (const item of $$(ITEMS)) adopt(item);
const sought = new URLSearchParams(location.search).get("at");
if (sought) {
  select(document.getElementById(`task-${sought}`) ?? document.getElementById(`stay-${sought}`), true);
  // From here on it is an ordinary page: what was sought moves on, and the page stays.
  history.replaceState(null, "", paged("page", $("[data-more]")?.dataset.more ?? 1));
}
if ($("#keys-help")) $("#keys-help").hidden = document.body.dataset.keys === "off";
$("[data-errors]")?.focus();
const paper = $("[data-print]");
if (paper) {
  paper.hidden = false;
  paper.addEventListener("click", () => print());
}
// On a phone the counters scroll sideways: the one that is chosen is in sight from the start.
const chosen = $(".counts [aria-current]"), counters = chosen?.closest(".counts");
if (counters) counters.scrollLeft += chosen.getBoundingClientRect().left - counters.getBoundingClientRect().left - 16;
if (!main.dataset.feed) addEventListener("online", () => bar(""));
if (main.dataset.feed) {
  connect();
  addEventListener("offline", () => {
    heard = Math.min(heard, performance.now());
    socket?.close();
  });
  addEventListener("online", retryNow);
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && state === "off") retryNow();
  });
}
setInterval(tick, 1_000);
tick();
