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
  ["back", "message-too-large", 413, 1009]
];
function meaningOf(code) {
  return MEANINGS.find((meaning) => meaning.includes(code)) ?? // 4409: another connection of this link took its place.
  (code >= 3e3 && code !== 4409 ? ["app", "ended-by-server"] : ["back", "connection-lost"]);
}

// ../lib/client/emitter.ts
function createCall(onError, signal) {
  return (act, ...given) => {
    if (signal.aborted) return void 0;
    try {
      return act?.(...given);
    } catch (error) {
      setTimeout(() => {
        if (!onError) throw error;
        if (!signal.aborted) onError(error);
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
      [...listeners].forEach((own) => {
        if (listeners.has(own)) call(own);
      });
    }
  ];
}

// ../lib/client/platform.ts
var platform = globalThis;
var absolute = (address) => new URL(address, platform.document?.baseURI ?? platform.location?.href);
var now = () => performance.now();
var clocks = () => [now(), Date.now()];
var isPage = () => !!(platform.document ?? platform.WorkerGlobalScope);

// ../lib/core/protocol.ts
var PROTOCOL = "omnimessage.1";
var HEADER_LIMIT = 256;
var TOKEN_LIMIT = 1024;
var FRAME_HEADER = HEADER_LIMIT + 1;
var FORGOTTEN = "forgotten";
var PLACES_LIMIT = 256;

// ../lib/client/limits.ts
var PATIENCE = 1e4;
var PROOF = 1e4;
var DEPLOY = 6e4;
var SPREAD = 5e3;
var PROBE = 5e3;
var GRACE = 1e4;
var LATE = 2e3;
var LONGEST = 1e9;
var LEFT = 3001;
var WOULD_ACCEPT = 426;
var OPEN = 1;
var CLOSED = 3;

// ../lib/client/question.ts
async function askRoute(url, fetch = platform.fetch) {
  const response = await fetch(url.href.replace(/^ws/, "http"), {
    headers: { accept: "application/problem+json" },
    credentials: "include",
    cache: "no-store",
    redirect: "error",
    signal: AbortSignal.timeout(PATIENCE)
  });
  const answer = await response.json().catch(Object);
  const { status } = response;
  return answer.omnimessage === "websocket" ? { ...answer, code: status === WOULD_ACCEPT ? 0 : status } : void 0;
}

// ../lib/core/refusal.ts
var explainer;
var refused;
function forgetRefusal() {
  explainer = refused = void 0;
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
  const fault = encoded === void 0 && !maySkip && takeRefusal();
  if (fault) throw Object.assign(new TypeError(`expected ${fault.expected}`), fault);
  return encoded;
}
var createReader = (codec2, failed) => (payload) => {
  try {
    return [codec2.decode(payload)];
  } catch (error) {
    failed(error);
    return void 0;
  }
};
var utf8 = new TextEncoder();
var bytesOf = (text) => utf8.encode(text);
var sizeOf = (encoded) => (typeof encoded === "string" ? bytesOf(encoded) : encoded).length;
var asciiOf = (frame) => typeof frame === "string" ? frame : String.fromCharCode(...frame);
function split(frame) {
  const head = asciiOf(frame.slice(0, FRAME_HEADER));
  const end = head.indexOf("\n");
  return end < 0 ? [".", ""] : [head.slice(0, end), frame.slice(end + 1)];
}
function joined(header, payload) {
  const line = `${header}
`;
  return typeof payload === "string" ? line + payload : new Uint8Array([...bytesOf(line), ...payload]);
}
function jsonOf(payload) {
  try {
    const value = JSON.parse(asciiOf(payload));
    return Object(value) === value ? value : void 0;
  } catch {
    return void 0;
  }
}

// ../lib/client/websocket.ts
function webSocket({ url, protocols } = {}) {
  return {
    name: "websocket",
    url,
    // A token that travels as a subprotocol cannot be shown to the question.
    ask: protocols ? void 0 : askRoute,
    start: (attempt, events) => startFramed(attempt, events, protocols)
  };
}
function openSocket({ url, WebSocket = platform.WebSocket }, protocols, events, heard) {
  url.protocol = url.protocol.replace("http", "ws");
  const socket = new WebSocket(url, protocols);
  socket.binaryType = "arraybuffer";
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
  socket.addEventListener("message", ({ data }) => {
    if (!isDeaf) heard(typeof data === "string" ? data : new Uint8Array(data));
  });
  socket.addEventListener("error", () => {
    if (socket.readyState === CLOSED) end(0);
  });
  socket.addEventListener("close", ({ code, reason }) => {
    end(code, reason);
  });
  return [
    socket,
    end,
    {
      socket,
      isReady: () => socket.readyState === OPEN,
      buffered: () => socket.bufferedAmount,
      close
    }
  ];
}
var greeted = (header, payload) => header[0] === "!" && jsonOf(payload) || false;
var startFramed = (attempt, events, protocols = []) => {
  const { token, greet = greeted } = events.returning?.() ?? {};
  const offered = [...protocols, PROTOCOL];
  if (token) offered.push(token);
  let isOpen = false;
  const send2 = (header, payload) => {
    socket.send(joined(header, payload));
  };
  const say = (header, text = "") => {
    send2(header, attempt.codec.binary ? bytesOf(text) : text);
  };
  const [socket, end, line] = openSocket(attempt, offered, events, (frame) => {
    const [header, payload] = split(frame);
    if (isOpen) {
      events.receive(header, payload);
      return;
    }
    const hello = greet(header, payload, say);
    isOpen = !!hello;
    if (hello) events.open(hello);
    else if (hello === false) end(0);
  });
  return {
    ...line,
    send: send2,
    probe: () => {
      say("?");
    }
  };
};

// ../lib/client/any-web-socket.ts
var RATE = 100;
var ASLEEP = 6e4;
var isOwn = (code) => code > 4e3 && code !== 4408 && meaningOf(code)[0] !== "app";
function anyWebSocket({ url, protocol, protocols } = {}) {
  let isOffered = false;
  let isProved = false;
  let isAnswered = false;
  let isOurs = false;
  let isKnown = false;
  let isUnopened = false;
  let isRefused = false;
  const ask = async (address, fetch) => {
    const answer = await askRoute(address, fetch);
    isAnswered ||= !answer?.code;
    isOurs = !!answer;
    isKnown ||= answer?.code === 0;
    return answer;
  };
  const start = (attempt, events) => {
    if (isUnopened) {
      isOffered = isProved || isOurs || !isOffered;
      isRefused = !isOffered && isAnswered;
    } else isOffered = isProved || !isRefused;
    isUnopened = true;
    isOurs = false;
    let line;
    let isClosed = false;
    const begin = () => {
      if (isClosed) return;
      line = (isOffered ? startFramed : startBare)(
        attempt,
        {
          ...events,
          open: (options) => {
            isUnopened = isAnswered = isKnown = false;
            isProved ||= isOffered;
            events.open(options);
          },
          end: (code, ...given) => {
            if (line?.socket.protocol === PROTOCOL && isOwn(code)) isUnopened = false;
            events.end(code, ...given);
          }
        },
        protocols
      );
    };
    if (isOffered || isKnown) begin();
    else {
      void ask(attempt.url, attempt.fetch).catch(() => {
      }).then(() => {
        isOffered = isOurs || !isRefused && isAnswered;
        begin();
      });
    }
    return {
      get isBare() {
        return !isOffered;
      },
      isReady: () => line?.isReady() ?? false,
      buffered: () => line?.buffered() ?? 0,
      send: (header, encoded) => line?.send(header, encoded),
      probe: () => line?.probe?.(),
      close: (code) => {
        isClosed = true;
        line?.close(code);
      }
    };
  };
  return {
    name: "websocket",
    url,
    // A token that travels as a subprotocol cannot be shown to the question.
    ask: protocols ? void 0 : ask,
    start: protocol ? (attempt, events) => startBare(attempt, events, protocols) : start
  };
}
function startBare(attempt, events, protocols = []) {
  const watching = new AbortController();
  const { signal } = watching;
  let hiddenAt = Infinity;
  const look = ({ type }) => {
    const isHidden = type === "freeze" || platform.document?.visibilityState === "hidden";
    if (now() - hiddenAt > ASLEEP && !isHidden) end(0);
    hiddenAt = isHidden ? Math.min(hiddenAt, now()) : Infinity;
  };
  const [socket, end, line] = openSocket(attempt, [...protocols], events, (frame) => {
    events.receive("", frame);
  });
  const close = (code) => {
    watching.abort();
    line.close(code);
  };
  socket.addEventListener("open", () => {
    if (signal.aborted) return;
    for (const type of ["visibilitychange", "freeze", "resume", "pageshow"]) {
      platform.addEventListener?.(type, look, { capture: true, signal });
    }
    events.open({ rate: RATE });
  });
  return {
    ...line,
    isBare: true,
    close,
    send: (_header, encoded) => {
      socket.send(encoded);
    }
  };
}

// ../lib/client/poster.ts
var KEEPALIVE_LIMIT = 3e4;
var PATIENCE2 = 6e4;
var CODING = { "content-encoding": "none" };
var UNKNOWN_CODING = 415;
var MARK = "omnimessage";
var UNHANDLED = /^(pipelined|shutting-down)$/;
function createPoster(url, { codec: codec2, fetch = platform.fetch }, events) {
  const closing = new AbortController();
  let isBusy = false;
  let isLeaving = false;
  const post = async (body, settle, refused2, more) => {
    isBusy = true;
    const timer = setTimeout(() => {
      end(0);
    }, PATIENCE2);
    const end = (code, retryAfter) => {
      if (closing.signal.aborted) return;
      closing.abort();
      events.end(code, "", retryAfter);
    };
    try {
      const response = await fetch(url, {
        method: "POST",
        body,
        // With this `omniHttp` marks the answer to a message that failed.
        headers: { accept: "application/problem+json, */*", ...more },
        redirect: "error",
        keepalive: body.length <= KEEPALIVE_LIMIT,
        signal: closing.signal
      });
      const { ok, status, headers } = response;
      const payload = codec2.binary ? new Uint8Array(await response.arrayBuffer()) : await response.text();
      if (closing.signal.aborted) return;
      const type = headers.get("content-type") ?? "";
      const code = /failed *; *code=([\w-]+)/.exec(headers.get(MARK) ?? "")?.[1] ?? (type.includes("problem+json") ? codeOf(payload) : void 0);
      const [verdict] = meaningOf(status);
      if (!ok && verdict !== "back") {
        if (!headers.has(MARK) && (status < 500 || UNHANDLED.test(code ?? ""))) refused2?.();
        const retryAfter = Number(headers.get("retry-after"));
        end(verdict === "gone" && !code ? 0 : status, retryAfter || void 0);
      } else if (!code && (status >= 500 || status !== UNKNOWN_CODING && type.includes("html"))) {
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
      const { origin } = platform.location ?? url;
      if (!codec2.binary) void post("", found);
      else if (origin === url.origin) void post("", found, void 0, CODING);
      else queueMicrotask(found);
    },
    line: {
      isReady: () => !isBusy || isLeaving,
      buffered: () => 0,
      send: (id, encoded) => {
        void post(
          encoded,
          (payload, code) => {
            if (code) events.receive(`-${id};${code}`, payload);
            else events.receive(`${payload.length > 0 ? "=" : "+"}${id}`, payload);
          },
          () => {
            events.refused(Number(id));
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
  const { code } = jsonOf(payload) ?? {};
  return typeof code === "string" ? code : void 0;
}

// ../lib/client/http.ts
function http({ url } = {}) {
  return {
    name: "http",
    url,
    start: (attempt, events) => {
      const poster = createPoster(attempt.url, attempt, events);
      const open = () => {
        events.open({});
      };
      if (attempt.isReturn) poster.look(open);
      else queueMicrotask(open);
      return poster.line;
    }
  };
}

// ../lib/client/backoff.ts
function pauseOf(verdict, usual, retryAfter = 0) {
  const asked = Math.min(retryAfter * 1e3 || 0, LONGEST);
  const least = Math.max(asked, verdict === "slower" ? SPREAD : 0);
  const spread = verdict === "later" && !least ? Math.max(usual, SPREAD) : usual;
  return Math.round(least + Math.random() * spread);
}

// ../lib/client/liveness.ts
function createLiveness(dead) {
  let line;
  let most = 0;
  let heardAt = 0;
  let isProbing = false;
  let timer;
  const expect = (ms) => {
    clearTimeout(timer);
    const due = now() + ms;
    timer = setTimeout(() => {
      const silence = now() - heardAt;
      if (silence < ms) {
        isProbing = false;
        expect(most - silence);
      } else if (now() - due > LATE && line?.probe) probe();
      else dead();
    }, ms);
  };
  const probe = () => {
    isProbing = true;
    line?.probe?.();
    expect(PROBE);
  };
  return {
    start: (started, interval) => {
      line = started;
      most = interval + GRACE;
      heardAt = now();
      isProbing = false;
      expect(most);
    },
    stop: () => {
      clearTimeout(timer);
      line = void 0;
    },
    heard: () => {
      heardAt = now();
    },
    wake: () => {
      if (!isProbing && line?.probe) probe();
    }
  };
}

// ../lib/client/outbox.ts
var OWN = /^(left|skipped)?$/;
var ANSWER = /^([=+-])([1-9]\d*)(?:;([^;]*)|$)/;
function createOutbox(options, events) {
  const { call, changed, read, deliver } = events;
  const { onDropped } = options;
  const { messages = 1e3, bytes = 1048576, keep } = options.queue ?? {};
  let waiting = [];
  const aside = /* @__PURE__ */ new Set();
  let lastId = 0;
  let line;
  let coming;
  let limit = Infinity;
  let refusal;
  let isGreeting = false;
  let gap = 0;
  let nextAt = 0;
  let slowness = 1e3;
  let pause;
  const count = () => {
    changed({ queued: waiting.length + aside.size });
  };
  const remove = (outgoing) => {
    clearTimeout(outgoing.timer);
    waiting = waiting.filter((one) => one !== outgoing);
  };
  const unconfirmed = /* @__PURE__ */ new Map();
  const takeOut = (outgoing) => {
    unconfirmed.delete(outgoing.id);
    remove(outgoing);
  };
  const look = (all = []) => (isGreeting ? void 0 : keeper?.look(all)) ?? all;
  const give = (all, reason, to) => {
    const given = look(all);
    given.forEach(takeOut);
    count();
    const rest = given.filter(({ settle, id, isOfLine }) => {
      settle?.(reason);
      return !settle && !(id && isOfLine);
    });
    if (rest[0]) {
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
  const giveUp = (isChosen) => {
    give(
      [...unconfirmed.values()].filter(isChosen ?? Boolean),
      "unconfirmed",
      options.onUnconfirmed
    );
  };
  const resumption = options.resume?.({
    sent: unconfirmed,
    lastId: () => lastId,
    giveUp,
    missed: () => {
      isGreeting = true;
      call(options.onGap);
      isGreeting = false;
    }
  });
  const withdraw = (outgoing, reason) => {
    give([outgoing], reason, onDropped);
  };
  const transmit = (outgoing, to) => {
    const more = outgoing.id ? ";again" : resumption?.done() ?? "";
    outgoing.id ||= ++lastId;
    outgoing.sentAt ??= clocks();
    if (!to.isBare || outgoing.isTracked) unconfirmed.set(outgoing.id, outgoing);
    else drop(outgoing);
    to.send(outgoing.id + more, outgoing.encoded);
  };
  const obstacle = ({ size, settle, isTracked }) => size > limit ? "too-large" : settle && line?.isBare && !isTracked ? "bare" : void 0;
  const flush = () => {
    clearTimeout(pause);
    while (line?.isReady()) {
      const time = now();
      nextAt = Math.max(nextAt, time - 999);
      if (keeper?.mayLeave((time - nextAt) / gap) === false) break;
      const [first] = waiting;
      if (!first) break;
      const reason = obstacle(first);
      if (reason) {
        withdraw(first, reason);
        continue;
      }
      if (!first.isOfLine) {
        if (nextAt > time) {
          pause = setTimeout(flush, nextAt - time);
          break;
        }
        nextAt += gap;
      }
      remove(first);
      transmit(first, line);
    }
    count();
  };
  const prepare = (message, settle, isTracked) => {
    const encoded = encodedOf(options.codec, message, isTracked !== void 0);
    return encoded === void 0 ? void 0 : { message, encoded, size: sizeOf(encoded), isOfLine: isGreeting, isTracked, id: 0, settle };
  };
  const ahead = () => waiting.filter(({ isOfLine }) => isOfLine || !isGreeting);
  const isFull = (size, isLeaving) => ahead().reduce((sum, one) => sum + one.size, line?.buffered() ?? 0) + size > bytes || !isLeaving && ahead().length >= messages;
  const expire = (outgoing, ms) => {
    if (ms !== void 0) outgoing.timer = setTimeout(withdraw, ms, outgoing, "expired");
  };
  const post = (message, { queue = true, expires } = {}, settle, isTracked) => {
    look();
    const outgoing = prepare(message, settle, isTracked);
    if (!outgoing) {
      settle?.("skipped");
      return ["skipped"];
    }
    outgoing.isNow = !queue;
    const ready = !ahead()[0] && line?.isReady() ? line : void 0;
    const reason = refusal ?? obstacle(outgoing) ?? (isFull(outgoing.size, ready) ? "full" : void 0);
    if (reason) {
      give([outgoing], reason, onDropped);
      return ["dropped"];
    }
    if (queue && !isGreeting && (!settle || isTracked !== void 0)) {
      keeper?.add(outgoing, !!ready, expires);
    }
    if (ready && !outgoing.entry) {
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
  const keeper = keep?.({
    ...events,
    options,
    aside,
    waiting: () => waiting,
    unconfirmed,
    prepare,
    isFull,
    expire,
    give,
    takeOut,
    flush
  });
  return {
    post,
    withdraw,
    forget: (outgoing) => {
      takeOut(outgoing);
      drop(outgoing);
    },
    flush,
    opened: (opened2, lineOptions, greet) => {
      coming = opened2;
      look();
      if (coming !== opened2) return;
      const isOld = resumption?.opened(lineOptions);
      line = opened2;
      const { limit: most = 0, rate = 0 } = lineOptions;
      limit = most > 0 ? most : Infinity;
      gap = slowness / rate;
      if (!(gap < LONGEST)) gap = 0;
      nextAt = now() + gap;
      waiting.unshift(...unconfirmed.values());
      isGreeting = true;
      greet();
      isGreeting = false;
      waiting.sort((one, other) => Number(other.isOfLine) - Number(one.isOfLine));
      if (isOld) giveUp(isOld);
      flush();
    },
    closed: (code) => {
      clearTimeout(pause);
      coming = line = void 0;
      isGreeting = false;
      limit = Infinity;
      waiting = waiting.filter((one) => !unconfirmed.has(one.id));
      const ofLine = waiting.filter(({ isOfLine }) => isOfLine);
      give(ofLine, "unconfirmed");
      if (code === 1009) {
        const [largest] = [...unconfirmed.values()].sort((one, other) => other.size - one.size);
        if (largest) withdraw(largest, "too-large");
      }
      if (resumption) resumption.closed(code, ofLine[0]);
      else giveUp();
      count();
    },
    received: (header, payload) => {
      look();
      resumption?.heard(header, payload);
      if (/^(;|$)/.test(header)) read(payload)?.forEach(deliver);
      const [, mark, digits, code = ""] = ANSWER.exec(header) ?? [];
      const id = Number(digits);
      const outgoing = unconfirmed.get(id);
      if (!outgoing || waiting.includes(outgoing)) return false;
      unconfirmed.delete(id);
      const { settle, message } = outgoing;
      const failure = mark !== "-" ? void 0 : OWN.test(code) ? "failed" : code;
      if (!settle || !failure) drop(outgoing);
      const reply = mark === "=" || failure && payload.length ? read(payload) : [];
      if (settle) settle(failure ?? (reply ? void 0 : "decode"), reply?.[0]);
      else {
        reply?.forEach(deliver);
        if (failure) call(options.onFailed, message, failure);
      }
      return true;
    },
    refused: (id) => {
      const outgoing = unconfirmed.get(id);
      if (outgoing?.isOfLine !== false) return;
      unconfirmed.delete(id);
      outgoing.id = 0;
      if (outgoing.isNow) withdraw(outgoing, "expired");
      else waiting.unshift(outgoing);
    },
    slow: () => {
      slowness *= 2;
    },
    refuse: (reason) => {
      refusal = reason;
      if (!reason) return;
      giveUp();
      resumption?.closed(0);
      if (refusal !== reason) return;
      give(
        waiting.filter(({ entry }) => reason !== "unauthorized" || !entry?.isWritten),
        reason,
        onDropped
      );
    },
    hasUnsent: () => !!line?.buffered() || [...waiting, ...unconfirmed.values()].some(({ entry }) => !entry?.isWritten),
    returning: resumption?.returning
  };
}

// ../lib/client/page-events.ts
function watchPage(signal, { wake, leave, block }) {
  const on = (type, act) => {
    platform.addEventListener?.(type, act, { capture: true, signal });
  };
  on("online", wake);
  on("pageshow", wake);
  on("resume", wake);
  on("visibilitychange", () => {
    if (platform.document?.visibilityState !== "hidden") wake();
  });
  on("pagehide", ({ persisted }) => {
    leave(persisted);
  });
  on("securitypolicyviolation", ({ disposition, blockedURI = "" }) => {
    if (disposition === "enforce") block(blockedURI);
  });
}

// ../lib/client/status.ts
function createStatus(call) {
  const [subscribe, notify] = createListeners(call);
  let isDue = false;
  let snapshot = { queued: 0, isStored: false };
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

// ../lib/client/link.ts
function openLink(options, restored) {
  const { onError, minDelay = 500, maxDelay = 15e3 } = options;
  const transports = [options.transport ?? webSocket()].flat();
  const closing = new AbortController();
  const { signal } = closing;
  let turn = 0;
  let line;
  let isOpen = false;
  let target;
  let timer;
  let isFirst = true;
  let isGap = false;
  let failures = 0;
  let unopened = 0;
  let known;
  let missing = [];
  let askedAt = -PROOF;
  let mayHurry = false;
  const call = createCall(onError, signal);
  const report = (error) => void call(onError, error);
  const deliver = (message) => void call(options.onMessage, message);
  const [subscribe, getSnapshot, changed] = createStatus(call);
  const show = (state, reason, code = getSnapshot().code, retryAt) => {
    const transport = transports[0].name;
    changed({ state, reason, text: textOf(reason), retryAt, code, transport });
  };
  show("connecting", "connecting");
  const read = createReader(options.codec, report);
  const outbox = createOutbox(options, { call, read, deliver, changed, restored, signal });
  const liveness = createLiveness(() => ended(0));
  const proved = () => {
    failures = 0;
    missing = [];
  };
  const source = () => transports[0].url ?? options.url ?? "";
  const address = async () => {
    const given = source();
    return absolute(typeof given === "function" ? await given() : given);
  };
  const cut = (code, closeWith) => {
    clearTimeout(timer);
    liveness.stop();
    line?.close(closeWith);
    line = void 0;
    isOpen = mayHurry = false;
    const mine = ++turn;
    outbox.closed(code);
    return mine === turn;
  };
  const start = async () => {
    if (!cut(0)) return;
    const mine = turn;
    outbox.refuse();
    show("connecting", "connecting");
    let url;
    try {
      url = await address();
      if (mine !== turn) return;
      target = url;
      timer = setTimeout(ended, PATIENCE, 0);
      const started = transports[0].start(
        { ...options, url, isReturn: !isFirst || unopened > 0 },
        {
          ...outbox,
          open,
          receive,
          end: ended
        }
      );
      if (mine === turn) line = started;
      else started.close();
    } catch (error) {
      report(error);
      if (mine !== turn) return;
      const { name, status } = Object(error);
      if (!url && typeof source() === "function") decide(typeof status === "number" ? status : 0);
      else finish(url && name !== "SyntaxError" ? "blocked-by-this-page" : "invalid-address");
    }
  };
  const open = (lineOptions) => {
    if (!line) return;
    unopened = 0;
    const index = transports.indexOf(known);
    if (index > 0) {
      transports.unshift(...transports.splice(index));
      known = void 0;
      void start();
      return;
    }
    [known] = transports;
    const { interval = 0, resumed } = lineOptions;
    const isResumed = !isFirst && resumed === true;
    const given = { isFirst, isResumed };
    isOpen = true;
    isFirst = false;
    if (interval > 0) liveness.start(line, Math.min(interval, LONGEST));
    clearTimeout(timer);
    timer = setTimeout(proved, PROOF);
    show("open", "connected");
    outbox.opened(line, lineOptions, () => void call(options.onOpen, given));
    if (isGap && !isResumed) call(options.onGap);
    isGap = false;
  };
  const receive = (header, payload) => {
    liveness.heard();
    if (outbox.received(header, payload)) proved();
  };
  const ended = (code, reason, retryAfter) => {
    const isHidden = !isOpen && meaningOf(code)[1] === "connection-lost";
    isGap ||= code === 1013;
    if (!cut(code)) return;
    if (isHidden) void explain(code);
    else decide(code, reason, retryAfter);
  };
  const explain = async (code) => {
    const mine = turn;
    let answer;
    try {
      if (++unopened === 1 || unopened % 4 === 0)
        answer = await transports[0].ask?.(await address(), options.fetch);
    } catch {
    }
    if (mine !== turn) return;
    if (answer?.code) unopened = 0;
    else if (unopened % 2 === 0) transports.push(transports.shift());
    decide(answer?.code || code, "", answer?.retryAfter);
  };
  const decide = (code, reason = "", retryAfter) => {
    const mine = turn;
    const [verdict, why] = meaningOf(code);
    missing = verdict === "gone" ? [...missing, now()] : [];
    const [first = 0, , third] = missing;
    if (verdict === "slower") outbox.slow();
    const isFinal = verdict === "final" || third && now() - first >= DEPLOY || verdict === "app" && call(options.shouldReconnect, code, reason) !== true;
    if (mine !== turn) return;
    if (isFinal) finish(why, code);
    else if (verdict === "login" && now() - askedAt >= PROOF) void login(why, code);
    else {
      const ms = pauseOf(verdict, Math.min(maxDelay, minDelay * 2 ** failures++), retryAfter);
      mayHurry = !retryAfter && verdict !== "later" && verdict !== "slower";
      const isOffline = why === "connection-lost" && platform.navigator?.onLine === false;
      timer = setTimeout(() => void start(), ms);
      show("waiting", isOffline ? "offline" : why, code, Date.now() + ms);
    }
  };
  const login = async (why, code) => {
    const mine = turn;
    show("waiting", why, code);
    const isLoggedIn = await Promise.resolve(call(options.onUnauthorized)).catch(report);
    askedAt = now();
    if (mine !== turn) return;
    if (isLoggedIn === true) void start();
    else finish(why, code);
  };
  const finish = (why, code) => {
    if (!cut(0)) return;
    show("closed", why, code);
    outbox.refuse(why);
  };
  watchPage(signal, {
    wake: () => {
      if (isOpen) liveness.wake();
      else if (mayHurry) void start();
    },
    leave: (isKept) => {
      if (!isKept) line?.leave?.();
      else if (line && cut(0, LEFT)) {
        mayHurry = true;
        show("waiting", "page-left");
      }
    },
    block: (blocked) => {
      if (target && !isOpen && blocked.startsWith(target.origin)) finish("blocked-by-this-page");
    }
  });
  if (isPage() || options.WebSocket || options.fetch) void start();
  return {
    ...outbox,
    call,
    deliver,
    send: (message, sendOptions) => outbox.post(message, sendOptions)[0],
    subscribe,
    getSnapshot,
    retry: () => {
      if (!signal.aborted) void start();
    },
    close: () => {
      closing.abort();
      finish("closed");
    }
  };
}

// ../lib/client/resume.ts
var TOGETHER = 8;
var PLACE = /^([\w-]{1,32}),([!-~]{1,180})?$/;
var numberIn = (digits) => /^\d{1,15}$/.test(String(digits)) ? Number(digits) : void 0;
var windowOf = ({ window }) => typeof window === "number" && window > 0 && window < LONGEST ? window : 0;
var base64url = (text) => btoa(text).replace(/[+/=]/g, (sign) => ({ "+": "-", "/": "_" })[sign] ?? "");
function resume({ definition } = {}) {
  return ({ sent, lastId, giveUp, missed }) => {
    let client;
    let owner;
    let mayResume = false;
    let cut;
    let pushes = 0;
    let gap;
    const places = /* @__PURE__ */ new Map();
    const miss = () => {
      gap ??= setTimeout(() => {
        gap = void 0;
        missed();
      });
    };
    let window = 0;
    let expiry;
    const stop = () => {
      clearTimeout(expiry);
      expiry = void 0;
    };
    let told = 0;
    const learnOwner = (given) => {
      owner = /^[!-~]{1,64}$/.test(String(given)) ? String(given) : void 0;
    };
    const isOld = ({ sentAt = [0, 0] }) => clocks().some((time, index) => time - (sentAt[index] ?? 0) >= window);
    return {
      returning: () => {
        client ??= base64url(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))));
        const introduction = { client, resumes: mayResume, definition };
        const from = mayResume ? { owner, sent: lastId(), pushes, places: Object.fromEntries(places) } : void 0;
        let token = base64url(JSON.stringify({ ...introduction, from }));
        const isTold = token.length <= TOKEN_LIMIT;
        if (!isTold) token = base64url(JSON.stringify(introduction));
        let hello;
        return {
          token: `${PROTOCOL}.${token}`,
          // Proxies refuse a header of 8 kB: topics that do not fit are gaps, and what is left of one is unknown.
          lastEventId: [...places].map((pair) => pair.join(",")).join(" ").slice(-7e3),
          greet: (header, payload, say) => {
            if (hello) return header[0] === "@" ? { ...hello, ...jsonOf(payload) } : void 0;
            hello = header[0] === "!" ? jsonOf(payload) : void 0;
            if (!hello) return false;
            if (!from || windowOf(hello) === 0) return hello;
            if (!isTold) say("@", JSON.stringify(from));
            return void 0;
          }
        };
      },
      opened: (options) => {
        window = windowOf(options);
        mayResume = window > 0;
        learnOwner(options.owner ?? "");
        if (options.resumed !== true) {
          places.clear();
          pushes = numberIn(options.pushes) ?? 0;
        } else if (cut) miss();
        cut = false;
        stop();
        return (outgoing) => !outgoing.isOfLine && isOld(outgoing);
      },
      heard: (header, payload) => {
        if (header[0] === "@") {
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
          if (place) places.set(topic, place);
          if (places.size > PLACES_LIMIT) places.delete(places.keys().next().value);
        } else if (name === "gap") miss();
      },
      done: () => {
        const [next = lastId() + 1] = sent.keys();
        const done = next - 1;
        if (!mayResume || done - told < TOGETHER) return "";
        told = done;
        return `;done=${done}`;
      },
      closed: (code, unsent) => {
        cut ||= unsent;
        giveUp((outgoing) => {
          cut ||= outgoing.isOfLine;
          const isSuspect = code === 1011 && outgoing.isSuspect;
          if (code === 1011) outgoing.isSuspect = true;
          return isSuspect || outgoing.isOfLine || outgoing.isNow || isOld(outgoing);
        });
        if (sent.size > 0) expiry ??= setTimeout(giveUp, window);
        else stop();
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
  return shared(url, anyWebSocket(), keep, false);
}
function httpPost(url) {
  return shared(url, http(), () => true, true);
}
function listen(to, handlers) {
  const { listeners } = to;
  const link = opened(to);
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
var resumeMessages = (link) => {
  const resumption = resume()(link);
  return {
    ...resumption,
    heard: (header, payload) => {
      resumption.heard(header.replace(/;place=[^;]*/, ""), payload);
    }
  };
};
function opened(to) {
  if (to.open !== void 0) return to.open;
  const { listeners } = to;
  const options = {
    ...to.options,
    codec,
    resume: resumeMessages,
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
  const link = to.open;
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
