// Built from ffi/transport.ts by `npm run build:gleam`: not to be edited.

// ../lib/client/ends.ts
var textOf = (reason) => reason.charAt(0).toUpperCase() + reason.slice(1).replaceAll("-", " ");
var MEANINGS = [
  ["later", "server-restarting", 1001, 1012],
  ["later", "server-busy", 503, 1013],
  ["slower", "rate-limited", 429, 4429],
  ["login", "unauthorized", 401, 4401],
  ["gone", "not-found", 404, 4404],
  ["final", "forbidden", 403, 4403],
  ["final", "not-understood", 1002, 1003, 1007, 1008, 1010, 4400],
  ["final", "outdated", 4426],
  ["final", "ended-by-server", 1e3],
  ["back", "server-failed", 500, 1011],
  ["back", "server-too-slow", 408, 4408],
  ["back", "message-too-large", 413, 1009],
  ["back", "connection-lost", 4409]
];
function meaningOf(code) {
  return MEANINGS.find((meaning) => meaning.includes(code)) ?? (code >= 3e3 ? ["app", "ended-by-server"] : ["back", "connection-lost"]);
}

// ../lib/client/emitter.ts
function createCall(onError, signal) {
  return (act, ...given) => {
    if (signal.aborted) return void 0;
    try {
      return act?.(...given);
    } catch (error) {
      setTimeout(() => {
        if (onError === void 0) throw error;
        onError(error);
      });
      return void 0;
    }
  };
}
function createListeners(call) {
  const listeners = /* @__PURE__ */ new Set();
  return [
    (listener) => {
      const own = () => {
        listener();
      };
      listeners.add(own);
      return () => {
        listeners.delete(own);
      };
    },
    () => {
      const present = [...listeners];
      for (const own of present) if (listeners.has(own)) call(own);
    }
  ];
}

// ../lib/client/platform.ts
var platform = globalThis;
var now = () => performance.now();
var isPage = () => platform.document !== void 0 || platform.WorkerGlobalScope !== void 0;

// ../lib/client/poster.ts
var KEEPALIVE_LIMIT = 3e4;
var PATIENCE = 6e4;
var MARK = "omnimessage";
function createPoster(url, { isBinary, fetch: fetch2 }, events) {
  const closing = new AbortController();
  let isBusy = false;
  let isLeaving = false;
  const post = async (body, settle, refused2) => {
    isBusy = true;
    const timer = setTimeout(() => {
      end(0);
    }, PATIENCE);
    const end = (code, retryAfter) => {
      if (closing.signal.aborted) return;
      closing.abort();
      events.end(code, "", retryAfter);
    };
    try {
      const response = await fetch2(url, {
        method: "POST",
        body,
        // With this `omniHttp` marks the answer to a message that failed.
        headers: { accept: "application/problem+json, */*" },
        redirect: "error",
        keepalive: body.length <= KEEPALIVE_LIMIT,
        signal: closing.signal
      });
      const { ok, status, headers } = response;
      const payload = isBinary ? new Uint8Array(await response.arrayBuffer()) : await response.text();
      if (closing.signal.aborted) return;
      const type = headers.get("content-type") ?? "";
      const code = /failed *; *code=([\w-]+)/.exec(headers.get(MARK) ?? "")?.[1] ?? (type.includes("problem+json") ? codeOf(payload) : void 0);
      const [verdict] = meaningOf(status);
      if (!ok && verdict !== "back") {
        if (!headers.has(MARK)) refused2?.();
        const retryAfter = Number(headers.get("retry-after"));
        end(verdict === "gone" && code === void 0 ? 0 : status, retryAfter || void 0);
      } else if (code === void 0 && (status >= 500 || type.includes("html"))) {
        end(status >= 500 ? status : 0);
      } else {
        isBusy = false;
        settle(ok ? payload : "", ok ? code : code ?? `http-${status}`);
        events.flush();
      }
    } catch {
      end(0);
    } finally {
      clearTimeout(timer);
    }
  };
  return {
    look: (found) => {
      if (isBinary) queueMicrotask(found);
      else void post("", found);
    },
    line: {
      isReady: () => !isBusy || isLeaving,
      buffered: () => 0,
      send: (id, encoded) => {
        void post(
          encoded,
          (payload, code) => {
            if (code !== void 0) events.receive(`-${id};${code}`, payload);
            else events.receive(`${payload.length > 0 ? "=" : "+"}${id}`, payload);
          },
          () => {
            events.refused(id);
          }
        );
      },
      leave: () => {
        isLeaving = true;
        events.flush();
      },
      close: () => {
        closing.abort();
      }
    }
  };
}
function codeOf(payload) {
  try {
    const text = typeof payload === "string" ? payload : new TextDecoder().decode(payload);
    const { code } = JSON.parse(text);
    return typeof code === "string" ? code : void 0;
  } catch {
    return void 0;
  }
}

// ../lib/client/http.ts
function http({ url } = {}) {
  return {
    name: "http",
    url,
    start: (attempt, events) => {
      const poster = createPoster(attempt.url, attempt, events);
      const open = () => {
        events.open({ confirms: true, interval: 0 });
      };
      if (attempt.isReturn) poster.look(open);
      else queueMicrotask(open);
      return poster.line;
    }
  };
}

// ../lib/client/errors.ts
var AskError = class extends Error {
  code;
  /** True when the message left the page: the server may have handled it all the same. */
  isSent;
  constructor(code, isSent) {
    super(`not answered: ${code}`);
    this.name = "AskError";
    this.code = code;
    this.isSent = isSent;
  }
};

// ../lib/client/ask.ts
var PATIENCE2 = 1e4;
function createAsk({ post, withdraw }, deliver) {
  return (message, { timeout = PATIENCE2, ...options } = {}) => new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      if (asked === void 0) return;
      if (!asked.isSent) {
        withdraw(asked, "timeout");
        return;
      }
      reject(new AskError("timeout", true));
      asked.settle = (_code, reply) => {
        if (reply !== void 0) deliver(reply);
      };
    }, timeout);
    const [, asked] = post(message, options, (code, reply, isSent = false) => {
      clearTimeout(timer);
      if (code === void 0) {
        resolve(reply);
        return;
      }
      reject(new AskError(code, isSent));
      if (reply !== void 0) deliver(reply);
    });
  });
}

// ../lib/client/backoff.ts
var SPREAD = 5e3;
function pauseOf(verdict, usual, retryAfter = 0) {
  const least = Math.max(retryAfter * 1e3, verdict === "slower" ? SPREAD : 0);
  const spread = verdict === "later" && least === 0 ? Math.max(usual, SPREAD) : usual;
  return Math.round(least + Math.random() * spread);
}

// ../lib/client/liveness.ts
var PROBE = 5e3;
var GRACE = 1e4;
var LATE = 2e3;
var ASLEEP = 6e4;
function createLiveness(dead) {
  let line;
  let interval = 0;
  let heardAt = 0;
  let hiddenAt = Infinity;
  let isProbing = false;
  let timer;
  const expect = (ms) => {
    clearTimeout(timer);
    const due = now() + ms;
    timer = setTimeout(() => {
      const silence = now() - heardAt;
      if (silence < ms) {
        isProbing = false;
        expect(interval + GRACE - silence);
      } else if (now() - due > LATE) probe();
      else dead();
    }, ms);
  };
  const probe = () => {
    if (line?.probe === void 0 || interval === 0) dead();
    else {
      isProbing = true;
      line.probe();
      expect(PROBE);
    }
  };
  return {
    start: (started, every = 0) => {
      line = started;
      interval = every;
      heardAt = now();
      isProbing = false;
      if (interval > 0) expect(interval + GRACE);
    },
    stop: () => {
      clearTimeout(timer);
      line = void 0;
    },
    heard: () => {
      heardAt = now();
    },
    hide: () => {
      hiddenAt = Math.min(hiddenAt, now());
    },
    wake: () => {
      const asleep = now() - hiddenAt;
      hiddenAt = Infinity;
      if (!isProbing && line !== void 0 && (line.probe !== void 0 || asleep > ASLEEP))
        probe();
    }
  };
}

// ../lib/core/refusal.ts
var explainer;
var refused;
function forgetRefusal() {
  explainer = void 0;
  refused = void 0;
}
function takeRefusal() {
  const fault = explainer?.(refused);
  forgetRefusal();
  return fault;
}

// ../lib/client/encoded.ts
function encodedOf(codec2, message, maySkip) {
  forgetRefusal();
  const encoded = codec2.encode(message);
  const fault = encoded === void 0 && !maySkip ? takeRefusal() : void 0;
  if (fault !== void 0) throw Object.assign(new TypeError(`expected ${fault.expected}`), fault);
  return encoded;
}
function createReader({ decode }, failed) {
  return (payload, take) => {
    let message;
    try {
      message = decode(payload);
    } catch (error) {
      failed(error);
      return false;
    }
    take(message);
    return true;
  };
}
var utf8 = new TextEncoder();
var scratch = new Uint8Array(3e3);
function sizeOf(encoded) {
  if (typeof encoded !== "string") return encoded.length;
  return encoded.length > 1e3 ? utf8.encode(encoded).length : utf8.encodeInto(encoded, scratch).written;
}
function jsonOf(payload) {
  try {
    const value = JSON.parse(
      typeof payload === "string" ? payload : String.fromCharCode(...payload),
      (name, each2) => name === "" || isSensible(each2) ? each2 : void 0
    );
    return Object(value) === value ? value : void 0;
  } catch {
    return void 0;
  }
}
var isSensible = (value) => typeof value === "number" ? value > 0 && value < 2 ** 30 : Object(value) !== value && !!value;

// ../lib/client/status.ts
function createStatus(call) {
  const [subscribe, notify] = createListeners(call);
  let isDue = false;
  let snapshot = {};
  return [
    subscribe,
    () => snapshot,
    (change) => {
      const names = Object.keys(change);
      if (names.every((name) => change[name] === snapshot[name])) return;
      snapshot = { ...snapshot, ...change };
      if (isDue) return;
      isDue = true;
      queueMicrotask(() => {
        isDue = false;
        notify();
      });
    }
  ];
}

// ../lib/client/pace.ts
function createPace() {
  let perMs;
  let budget = 0;
  let budgetAt = 0;
  let slowness = 1e3;
  return {
    start: (rate) => {
      perMs = rate !== void 0 && rate >= 1e-3 ? rate / slowness : void 0;
      budget = 0;
      budgetAt = now();
    },
    wait: () => {
      if (perMs === void 0) return 0;
      const time = now();
      budget = Math.min(Math.max(perMs * 1e3, 1), budget + (time - budgetAt) * perMs);
      budgetAt = time;
      return (1 - budget) / perMs;
    },
    spend: () => {
      budget -= 1;
    },
    slow: () => {
      slowness *= 2;
    }
  };
}

// ../lib/client/outbox.ts
var BARE_RATE = 100;
var OWN = /^(left|skipped)$/;
var ANSWER = /^([=+-])([1-9]\d*)(?:;([^;]*)|$)/;
function createOutbox(options, { call, changed, read, deliver, restored }) {
  const { messages = 1e3, bytes = 1048576 } = options.queue ?? {};
  let waiting = [];
  let lastId = 0;
  let line;
  let confirms = false;
  let limit = Infinity;
  let refusal;
  let isGreeting = false;
  const pace = createPace();
  let pause;
  const count = () => {
    changed({ queued: waiting.length });
  };
  const give = (all, reason, to) => {
    const rest = all.filter(({ settle, isSent, isOfLine }) => {
      settle?.(reason, void 0, isSent);
      return settle === void 0 && !(isSent && isOfLine);
    });
    if (rest.length > 0) {
      call(
        to,
        rest.map(({ message }) => message),
        reason
      );
      rest.forEach(drop);
    }
  };
  const drop = (outgoing) => {
    keeper?.remove(outgoing);
  };
  const unconfirmed = /* @__PURE__ */ new Map();
  const forget = (outgoing) => {
    unconfirmed.delete(outgoing.id ?? 0);
  };
  const giveUp = (isChosen) => {
    const given = [...unconfirmed.values()].filter((one) => isChosen?.(one) !== false);
    given.forEach((one) => {
      forget(one);
      remove(one);
    });
    give(given, "unconfirmed", options.onUnconfirmed);
  };
  const resumption = options.resume?.({
    sent: unconfirmed,
    lastId: () => lastId,
    giveUp,
    missed: () => call(options.onGap)
  });
  const remove = (outgoing) => {
    clearTimeout(outgoing.timer);
    waiting = waiting.filter((one) => one !== outgoing);
  };
  const withdraw = (outgoing, reason) => {
    remove(outgoing);
    forget(outgoing);
    give([outgoing], reason, options.onDropped);
    count();
  };
  const transmit = (outgoing, to) => {
    const { id = ++lastId } = outgoing;
    const isRepeat = outgoing.id !== void 0;
    if (!isRepeat && resumption !== void 0) outgoing.sentAt = now();
    outgoing.isSent = true;
    outgoing.id = id;
    if (confirms || outgoing.isTracked) unconfirmed.set(id, outgoing);
    else drop(outgoing);
    to.send(id, outgoing.encoded, isRepeat);
  };
  const obstacle = ({ size, settle, isTracked }) => size > limit ? "too-large" : line !== void 0 && settle !== void 0 && !confirms && !isTracked ? "bare" : void 0;
  const flush = () => {
    clearTimeout(pause);
    for (; ; ) {
      const [first] = waiting;
      if (first === void 0 || line?.isReady() !== true) break;
      const reason = obstacle(first);
      if (reason !== void 0) {
        withdraw(first, reason);
        continue;
      }
      if (keeper?.mayLeave() === false) break;
      if (!first.isOfLine) {
        const ms = pace.wait();
        if (ms > 0) {
          pause = setTimeout(flush, ms);
          break;
        }
        pace.spend();
      }
      remove(first);
      transmit(first, line);
    }
    count();
  };
  const prepare = (message, settle, { isTracked = false, isKept = false } = {}) => {
    const encoded = encodedOf(options.codec, message, isKept);
    if (encoded === void 0) return void 0;
    return {
      message,
      encoded,
      size: sizeOf(encoded),
      isOfLine: isGreeting,
      timer: void 0,
      isSent: false,
      isTracked,
      settle
    };
  };
  const isFull = (size, isLeaving) => waiting.reduce((sum, one) => sum + one.size, line?.buffered() ?? 0) + size > bytes || !isLeaving && waiting.length >= messages;
  const expire = (outgoing, ms) => {
    if (ms !== void 0) outgoing.timer = setTimeout(withdraw, ms, outgoing, "expired");
  };
  const post = (message, postOptions = {}, settle) => {
    const { queue = true, expires, isKept } = postOptions;
    keeper?.look();
    const outgoing = prepare(message, settle, postOptions);
    if (outgoing === void 0) {
      settle?.("skipped");
      return ["skipped"];
    }
    const ready = waiting.length === 0 && line?.isReady() === true ? line : void 0;
    const reason = refusal ?? obstacle(outgoing) ?? (isFull(outgoing.size, ready !== void 0) ? "full" : void 0);
    if (reason !== void 0) {
      give([outgoing], reason, options.onDropped);
      return ["dropped"];
    }
    if (queue && !isGreeting && (isKept ?? settle === void 0)) {
      const expiresAt = expires === void 0 ? void 0 : Date.now() + expires;
      keeper?.add(outgoing, ready !== void 0, expiresAt);
    }
    if (ready !== void 0 && outgoing.entry === void 0) {
      transmit(outgoing, ready);
      return ["sent", outgoing];
    }
    if (!queue) {
      settle?.("expired");
      return ["dropped"];
    }
    waiting.push(outgoing);
    expire(outgoing, expires);
    count();
    return ["queued", outgoing];
  };
  const keeper = options.queue?.keep?.({
    options,
    call,
    restored,
    changed,
    waiting: () => waiting,
    prepare,
    isFull,
    expire,
    give,
    remove,
    forget,
    flush
  });
  return {
    post,
    withdraw,
    forget: (outgoing) => {
      forget(outgoing);
      drop(outgoing);
    },
    flush,
    opened: (opened2, lineOptions, greet) => {
      resumption?.opened(lineOptions);
      line = opened2;
      keeper?.look();
      ({ confirms, limit = Infinity } = lineOptions);
      pace.start(lineOptions.rate ?? (confirms ? void 0 : BARE_RATE));
      const before = [...unconfirmed.values(), ...waiting];
      waiting = [];
      isGreeting = true;
      greet();
      isGreeting = false;
      waiting.push(...before);
      flush();
    },
    closed: (code) => {
      clearTimeout(pause);
      line = void 0;
      limit = Infinity;
      waiting = waiting.filter(({ id = 0 }) => !unconfirmed.has(id));
      for (const outgoing of waiting) {
        if (!outgoing.isOfLine) continue;
        remove(outgoing);
        outgoing.settle?.("unconfirmed");
      }
      if (code === 1009) {
        const [largest] = [...unconfirmed.values()].sort((one, other) => other.size - one.size);
        if (largest !== void 0) withdraw(largest, "too-large");
      }
      if (resumption === void 0) giveUp();
      else resumption.closed(code);
      count();
    },
    settled: (header, payload) => {
      const [, mark, digits, code] = ANSWER.exec(header) ?? [];
      const id = Number(digits);
      const outgoing = unconfirmed.get(id);
      if (outgoing === void 0 || waiting.includes(outgoing)) return false;
      unconfirmed.delete(id);
      const { settle, message } = outgoing;
      const failure = mark !== "-" ? void 0 : !code || OWN.test(code) ? "failed" : code;
      const end = (reply) => {
        if (settle !== void 0) {
          settle(failure, reply, true);
          return;
        }
        if (reply !== void 0) deliver(reply);
        if (failure !== void 0) call(options.onFailed, message, failure);
      };
      if (settle === void 0 || failure === void 0) drop(outgoing);
      const hasMessage = mark === "=" || failure !== void 0 && payload.length > 0;
      if (hasMessage && read(payload, end)) return true;
      if (mark === "=") settle?.("decode", void 0, true);
      else end();
      return true;
    },
    refused: (id) => {
      const outgoing = unconfirmed.get(id);
      if (outgoing?.isOfLine !== false) return;
      unconfirmed.delete(id);
      outgoing.isSent = false;
      delete outgoing.id;
      waiting.unshift(outgoing);
    },
    slow: pace.slow,
    refuse: (reason) => {
      refusal = reason;
      if (reason === void 0) return;
      giveUp();
      const dropped = waiting.filter(
        ({ entry }) => reason !== "unauthorized" || entry?.isWritten !== true
      );
      dropped.forEach(remove);
      give(dropped, reason, options.onDropped);
    },
    resumption,
    stop: () => {
      keeper?.stop();
    },
    hasUnsent: () => [...waiting, ...unconfirmed.values()].some(({ entry }) => entry?.isWritten !== true) || !confirms && (line?.buffered() ?? 0) > 0
  };
}

// ../lib/client/page-events.ts
function watchPage(page, signal) {
  const { wake, hide, leave, block } = page;
  const on = {
    online: wake,
    pageshow: wake,
    resume: wake,
    freeze: hide,
    visibilitychange: () => {
      (platform.document?.visibilityState === "hidden" ? hide : wake)();
    },
    pagehide: ({ persisted }) => {
      leave(persisted === true);
    },
    securitypolicyviolation: ({ disposition, blockedURI }) => {
      if (disposition === "enforce") block(blockedURI ?? "");
    }
  };
  for (const [type, act] of Object.entries(on)) {
    platform.addEventListener?.(type, act, { capture: true, signal });
  }
}

// ../lib/core/protocol.ts
var PROTOCOL = "omnimessage.1";
var HEADER_LIMIT = 256;
var FRAME_HEADER = HEADER_LIMIT + 1;
var FORGOTTEN = "forgotten";
var PLACES_LIMIT = 256;
function splitFrame(frame) {
  const isText = typeof frame === "string";
  const end = isText ? frame.indexOf("\n") : frame.indexOf(10);
  if (end < 0 || end > HEADER_LIMIT) return void 0;
  return isText ? { header: frame.slice(0, end), payload: frame.slice(end + 1) } : {
    header: String.fromCharCode(...frame.subarray(0, end)),
    payload: frame.subarray(end + 1)
  };
}
function joinFrame(header, payload) {
  if (typeof payload === "string") return `${header}
${payload}`;
  const frame = new Uint8Array(header.length + 1 + payload.length);
  for (let at = 0; at < header.length; at++) frame[at] = header.charCodeAt(at);
  frame[header.length] = 10;
  frame.set(payload, header.length + 1);
  return frame;
}

// ../lib/client/question.ts
async function askRoute(url, fetch2) {
  const response = await fetch2(url.href.replace(/^ws/, "http"), {
    headers: { accept: "application/problem+json" },
    credentials: "include",
    cache: "no-store",
    redirect: "error",
    signal: AbortSignal.timeout(PATIENCE3)
  });
  const answer = await response.json().catch(() => ({}));
  const { status } = response;
  const { omnimessage, retryAfter, subprotocols } = answer;
  return omnimessage === "websocket" ? {
    code: status === WOULD_ACCEPT ? 0 : status,
    retryAfter,
    hasProtocol: subprotocols?.includes(PROTOCOL)
  } : void 0;
}
var WOULD_ACCEPT = 426;
var PATIENCE3 = 1e4;

// ../lib/client/websocket.ts
var OPEN = 1;
var CLOSED = 3;
function webSocket({ url, protocol, protocols } = {}) {
  return {
    name: "websocket",
    url,
    // A token that travels as a subprotocol cannot be shown to the question.
    ask: protocols === void 0 ? askRoute : void 0,
    start: ({ url: address, isBinary, isOffered, returning, WebSocket }, events) => {
      address.protocol = address.protocol.replace("http", "ws");
      const offered = [...protocols ?? []];
      if (isOffered && protocol === void 0) offered.push(PROTOCOL);
      if (offered.includes(PROTOCOL) && returning !== void 0) offered.push(returning.token);
      const socket = new WebSocket(address, offered);
      socket.binaryType = "arraybuffer";
      let isFramed;
      let hello;
      let isDeaf = false;
      const close = (code) => {
        isDeaf = true;
        socket.close(code);
      };
      const end = (code, reason) => {
        if (isDeaf) return;
        close();
        events.end(code, reason);
      };
      socket.addEventListener("open", () => {
        if (isDeaf || socket.protocol === PROTOCOL) return;
        isFramed = false;
        events.open({ confirms: false });
      });
      socket.addEventListener("message", ({ data }) => {
        if (isDeaf) return;
        const frame = typeof data === "string" ? data : new Uint8Array(data);
        if (isFramed === false) {
          events.receive("", frame);
          return;
        }
        const { header, payload } = splitFrame(frame) ?? { header: ".", payload: "" };
        if (isFramed === true) {
          events.receive(header, payload);
          return;
        }
        if (hello === void 0) {
          hello = header === "!" ? jsonOf(payload) : void 0;
          if (hello === void 0) {
            end(0);
            return;
          }
          const resume2 = hello.window === void 0 ? void 0 : returning?.frame();
          if (resume2 !== void 0) {
            socket.send(joinFrame("@", isBinary ? new TextEncoder().encode(resume2) : resume2));
            return;
          }
        } else if (header !== "@") return;
        isFramed = true;
        events.open({ ...hello, ...header === "@" && jsonOf(payload), confirms: true });
      });
      socket.addEventListener("error", () => {
        if (socket.readyState === CLOSED) end(0);
      });
      socket.addEventListener("close", ({ code, reason }) => {
        end(code, reason);
      });
      return {
        isReady: () => socket.readyState === OPEN,
        buffered: () => socket.bufferedAmount,
        send: (id, encoded, isRepeat) => {
          socket.send(
            isFramed === true ? joinFrame(`${id}${isRepeat ? ";again" : ""}`, encoded) : encoded
          );
        },
        probe: () => {
          socket.send(joinFrame("?", isBinary ? new Uint8Array() : ""));
        },
        close
      };
    }
  };
}

// ../lib/client/link.ts
var PATIENCE4 = 1e4;
var PROOF = 1e4;
var DEPLOY = 6e4;
var MISSING = 3;
var LEFT = 3001;
function openLink(options, restored) {
  const { codec: codec2, onError, minDelay = 500, maxDelay = 15e3 } = options;
  const transports = [options.transport ?? webSocket()].flat();
  const closing = new AbortController();
  const { signal } = closing;
  let turn = 0;
  let line;
  let isOpen = false;
  let origin = "";
  let timer;
  let isFirst = true;
  let isGap = false;
  let isOffered = true;
  let isProved = false;
  let isRefused = false;
  let isAnswered = false;
  let failures = 0;
  let unopened = 0;
  let missing = 0;
  let missingSince = 0;
  let askedAt = -PROOF;
  let mayHurry = false;
  const call = createCall(onError, signal);
  const deliver = (message) => void call(options.onMessage, message);
  const read = createReader(codec2, (error) => void call(onError, error));
  const [subscribe, getSnapshot, set] = createStatus(call);
  const show = (state, reason, more) => {
    const transport = transports[0].name;
    set({ state, reason, text: textOf(reason), retryAt: void 0, transport, ...more });
  };
  show("connecting", "connecting", { queued: 0, isStored: false, code: void 0 });
  const events = { call, read, deliver, changed: set, restored };
  const outbox = createOutbox(options, events);
  const liveness = createLiveness(() => ended(0));
  const request = options.fetch ?? ((...given) => fetch(...given));
  const proved = () => {
    failures = 0;
  };
  const source = () => transports[0].url ?? options.url ?? "";
  const address = async () => {
    const given = source();
    return new URL(typeof given === "function" ? await given() : given, platform.location?.href);
  };
  const cut = (code, closeWith) => {
    clearTimeout(timer);
    liveness.stop();
    line?.close(closeWith);
    line = void 0;
    isOpen = mayHurry = false;
    turn += 1;
    outbox.closed(code);
  };
  const start = async () => {
    cut(0);
    const mine = turn;
    outbox.refuse(void 0);
    show("connecting", "connecting");
    if (!isOffered && !isAnswered) isOffered = (await question())?.hasProtocol === true;
    if (mine !== turn) return;
    let url;
    try {
      url = await address();
      if (mine !== turn) return;
      ({ origin } = url);
      timer = setTimeout(ended, PATIENCE4, 0);
      line = transports[0].start(
        {
          url,
          returning: outbox.resumption?.returning(),
          isBinary: codec2.binary === true,
          isOffered,
          isReturn: !isFirst || unopened > 0,
          WebSocket: options.WebSocket ?? platform.WebSocket,
          fetch: request
        },
        { open, receive, end: ended, refused: outbox.refused, flush: outbox.flush }
      );
    } catch (error) {
      if (mine !== turn) return;
      call(onError, error);
      const { name, status } = Object(error);
      if (url === void 0 && typeof source() === "function") {
        decide(typeof status === "number" ? status : 0);
      } else {
        finish(
          url === void 0 || name === "SyntaxError" ? "invalid-address" : "blocked-by-this-page"
        );
      }
    }
  };
  const open = (lineOptions) => {
    if (line === void 0) return;
    const opened2 = line;
    const given = { isFirst, isResumed: !isFirst && lineOptions.resumed === true };
    isOpen = true;
    isFirst = false;
    unopened = missing = 0;
    isAnswered = false;
    isProved ||= lineOptions.confirms;
    if (lineOptions.interval !== 0) liveness.start(opened2, lineOptions.interval);
    clearTimeout(timer);
    timer = setTimeout(proved, PROOF);
    show("open", "connected");
    outbox.opened(opened2, lineOptions, () => {
      call(options.onOpen, given);
    });
    if (isGap && !given.isResumed) call(options.onGap);
    isGap = false;
  };
  const receive = (header, payload) => {
    liveness.heard();
    outbox.resumption?.heard(header, payload);
    if (/^(;|$)/.test(header)) read(payload, deliver);
    else if (outbox.settled(header, payload)) proved();
  };
  const ended = (code, reason, retryAfter) => {
    const isHidden = !isOpen && meaningOf(code)[1] === "connection-lost";
    isOffered ||= isOpen && !isRefused;
    cut(code);
    if (isHidden) void explain(code);
    else decide(code, reason, retryAfter);
  };
  const question = async () => {
    try {
      const answer = await transports[0].ask?.(await address(), request);
      isAnswered = true;
      return answer;
    } catch {
      return void 0;
    }
  };
  const explain = async (code) => {
    const mine = turn;
    unopened += 1;
    const isTime = unopened === 1 || unopened % 4 === 0;
    const answer = isTime ? await question() : void 0;
    if (mine !== turn) return;
    isOffered = isProved || (answer?.hasProtocol ?? !isOffered);
    isRefused = !isOffered && isAnswered;
    if (answer?.code) unopened = 0;
    else if (unopened % 2 === 0) transports.push(transports.shift());
    decide(answer?.code || code, "", answer?.retryAfter);
  };
  const decide = (code, reason = "", retryAfter) => {
    const [verdict, why] = meaningOf(code);
    isGap ||= code === 1013;
    missing = verdict === "gone" ? missing + 1 : 0;
    if (missing === 1) missingSince = now();
    if (verdict === "slower") outbox.slow();
    if (verdict === "final" || verdict === "gone" && missing >= MISSING && now() - missingSince >= DEPLOY || verdict === "app" && call(options.shouldReconnect, code, reason) !== true) {
      finish(why, code);
    } else if (verdict === "login" && now() - askedAt >= PROOF) void login(code);
    else {
      const ms = pauseOf(verdict, Math.min(maxDelay, minDelay * 2 ** failures++), retryAfter);
      mayHurry = retryAfter === void 0 && verdict !== "later" && verdict !== "slower";
      const isOffline = why === "connection-lost" && platform.navigator?.onLine === false;
      timer = setTimeout(() => void start(), ms);
      show("waiting", isOffline ? "offline" : why, { retryAt: Date.now() + ms, code });
    }
  };
  const login = async (code) => {
    const mine = turn;
    show("waiting", "unauthorized", { code });
    let isLoggedIn = false;
    try {
      isLoggedIn = await options.onUnauthorized?.() === true;
    } catch (error) {
      call(onError, error);
    }
    askedAt = now();
    if (mine !== turn) return;
    if (isLoggedIn) void start();
    else finish("unauthorized", code);
  };
  const finish = (why, code = getSnapshot().code) => {
    if (signal.aborted) return;
    cut(0);
    show("closed", why, { code });
    outbox.refuse(why);
  };
  const wake = () => {
    if (isOpen) liveness.wake();
    else if (mayHurry) void start();
  };
  watchPage(
    {
      wake,
      hide: liveness.hide,
      leave: (isKept) => {
        if (!isKept) line?.leave?.();
        else if (line !== void 0) {
          cut(0, LEFT);
          mayHurry = true;
          show("waiting", "page-left");
        }
      },
      block: (blocked) => {
        const isOurs = origin !== "" && blocked.startsWith(origin);
        if (isOurs && !isOpen) finish("blocked-by-this-page");
      }
    },
    signal
  );
  if (isPage() || (options.WebSocket ?? options.fetch) !== void 0) void start();
  return {
    post: outbox.post,
    forget: outbox.forget,
    link: {
      send: (message, sendOptions) => outbox.post(message, sendOptions)[0],
      ask: createAsk(outbox, deliver),
      subscribe,
      getSnapshot,
      hasUnsent: outbox.hasUnsent,
      retry: () => {
        if (!signal.aborted) void start();
      },
      close: () => {
        outbox.stop();
        closing.abort();
        cut(0);
        outbox.refuse("closed");
        show("closed", "closed");
      }
    }
  };
}

// ../lib/client/resume.ts
var PLACE = /^([\w-]{1,32}),([!-~]{1,180})?$/;
var numberIn = (digits) => /^\d{1,15}$/.test(digits) ? Number(digits) : void 0;
var base64url = (text) => btoa(text).replace(/[+/=]/g, (sign) => ({ "+": "-", "/": "_" })[sign] ?? "");
function resume({ definition } = {}) {
  return ({ sent, lastId, giveUp, missed }) => {
    let client;
    let owner;
    let mayResume = false;
    let pushes = 0;
    let gap;
    const places = /* @__PURE__ */ new Map();
    let window = 0;
    let expiry;
    const learnOwner = (given) => {
      owner = typeof given === "string" ? given : void 0;
    };
    const isOld = ({ sentAt = 0 }) => now() - sentAt >= window;
    return {
      returning: () => {
        client ??= base64url(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))));
        const introduction = { client, resumes: mayResume, definition };
        return {
          token: `${PROTOCOL}.${base64url(JSON.stringify(introduction))}`,
          lastEventId: [...places].map((pair) => pair.join(",")).join(" "),
          frame: () => {
            const frame = {
              owner,
              sent: lastId(),
              pushes,
              places: Object.fromEntries(places)
            };
            return mayResume ? JSON.stringify(frame) : void 0;
          }
        };
      },
      opened: (options) => {
        mayResume = options.window !== void 0;
        if (options.owner !== void 0) learnOwner(options.owner);
        if (options.resumed !== true) {
          places.clear();
          pushes = options.pushes ?? 0;
        }
        clearTimeout(expiry);
        expiry = void 0;
        window = options.window ?? 0;
        giveUp(isOld);
      },
      heard: (header, payload) => {
        if (header === "@") {
          learnOwner(jsonOf(payload)?.owner);
          return;
        }
        const [id, code] = header.split(";");
        if (code === FORGOTTEN) giveUp((one) => id === `-${one.id}`);
        const [, name, value = ""] = /;(place|push|gap)=([^;]*)/.exec(header) ?? [];
        if (name === "push") pushes = numberIn(value) ?? pushes;
        else if (name === "place") {
          const [, topic = "", place] = PLACE.exec(value) ?? [];
          places.delete(topic);
          if (place !== void 0) places.set(topic, place);
          if (places.size > PLACES_LIMIT) places.delete(places.keys().next().value);
        } else if (name === "gap") {
          gap ??= setTimeout(() => {
            gap = void 0;
            missed();
          });
        }
      },
      closed: (code) => {
        giveUp((outgoing) => {
          const isSuspect = code === 1011 && outgoing.isSuspect === true;
          if (code === 1011) outgoing.isSuspect = true;
          return isSuspect || outgoing.isOfLine || isOld(outgoing);
        });
        if (sent.size > 0) expiry ??= setTimeout(giveUp, window);
      }
    };
  };
}

// ffi/transport.ts
function newHandlers(onUp, onDown, onMessage, onEnd, onUnsent) {
  return { onUp, onDown, onMessage, onEnd, onUnsent };
}
var codec = {
  decode: (encoded) => {
    if (typeof encoded !== "string") throw new TypeError("not text");
    return encoded;
  },
  encode: ({ encoded }) => encoded
};
var shared = (url, transport, keep, isReplyToSender) => ({
  options: { url, transport },
  keep,
  isReplyToSender,
  listeners: [],
  open: void 0
});
function websocket(url, keep) {
  return shared(url, webSocket(), keep, false);
}
function httpPost(url) {
  return shared(url, http(), () => true, true);
}
function listen(to, handlers) {
  const { listeners } = to;
  const { link } = opened(to);
  const listener = { handlers, known: "" };
  listeners.push(listener);
  inform(listener, link.getSnapshot());
}
function send(to, encoded, sender) {
  const outgoing = { encoded, sender, isFailed: false };
  const options = { queue: to.keep(encoded) };
  const { post } = opened(to);
  const [result] = to.isReplyToSender ? post(outgoing, options, (code, reply) => {
    if (reply !== void 0) {
      each([reply], sender.onMessage);
    }
    if (code !== void 0) fail(outgoing, code);
  }) : post(outgoing, options);
  if (result === "dropped") fail(outgoing, "not-connected");
}
function fail(outgoing, code) {
  if (outgoing.isFailed) return;
  outgoing.isFailed = true;
  each([code === "expired" ? "not-connected" : code], outgoing.sender.onUnsent);
}
function inform(listener, { state, code = 0, reason }) {
  const { handlers, known } = listener;
  const news = state === "open" ? state : `${state} ${reason}`;
  if (state === "connecting" || news === known) return;
  listener.known = news;
  if (state === "open") handlers.onUp();
  else if (state === "waiting" || known === "open") handlers.onDown(code, reason);
  if (state === "closed") handlers.onEnd(reason);
}
function each(items, act) {
  for (const item of items.slice()) {
    try {
      act(item);
    } catch (error) {
      setTimeout(() => {
        throw error;
      });
    }
  }
}
function opened(to) {
  if (to.open !== void 0) return to.open;
  const { listeners } = to;
  const options = {
    ...to.options,
    codec,
    resume: resume(),
    onOpen: () => {
      each(listeners, (listener) => {
        listener.known = "";
        inform(listener, link.getSnapshot());
      });
    },
    onMessage: (encoded) => {
      each(listeners, ({ handlers }) => {
        handlers.onMessage(encoded);
      });
    },
    onUnconfirmed: (messages) => {
      for (const message of messages) fail(message, "unconfirmed");
    },
    onDropped: (messages, reason) => {
      for (const message of messages) fail(message, reason);
    },
    onFailed: fail
  };
  to.open = openLink(
    options
  );
  const { link } = to.open;
  link.subscribe(() => {
    const snapshot = link.getSnapshot();
    if (snapshot.state === "open") return;
    each(listeners, (listener) => {
      inform(listener, snapshot);
    });
  });
  return to.open;
}
export {
  httpPost,
  listen,
  newHandlers,
  send,
  websocket
};
