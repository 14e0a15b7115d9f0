import { beforeEach, describe, expect, it } from 'vitest';
import { type ReceiverHost, type ReceiverSettings } from '../../lib/connection/receiver-host.ts';
import { MessageReceiver } from '../../lib/connection/receiving.ts';
import { CloseCode } from '../../lib/core/close-codes.ts';
import { FRAME_HEADER } from '../../lib/core/protocol.ts';
import { AsyncContext } from '../../lib/process/async-context.ts';
import { type Said, textCodec } from '../support/codecs.ts';
import { untilTurned, withFakeClock } from '../support/clock.ts';
import { RecordingLine } from '../support/recording-line.ts';

const say = (text: string): string => JSON.stringify({ text });

/** The receiver of a line, open, and what it asked of its connection, in order. */
function receiverOn(
  line: RecordingLine,
  settings: Partial<ReceiverSettings<Said>> = {},
  awaitsResume = false,
): { readonly receiver: MessageReceiver<Said>; readonly events: unknown[][] } {
  const events: unknown[][] = [];
  const host: ReceiverHost<Said> & { awaitsResume: boolean } = {
    origin: { transport: 'websocket', connection: 1 },
    asyncContext: new AsyncContext(),
    awaitsResume,
    deliver: ({ text }, id, isRepeat) => {
      events.push(['deliver', text, id, isRepeat]);
    },
    goOn: (payload) => {
      events.push(['go on', payload]);
      host.awaitsResume = false;
      return 7;
    },
    confirmed: (id) => {
      events.push(['confirmed', id]);
    },
    answerFailure: (error, id) => {
      events.push(['answer', error.code, id]);
      return true;
    },
    failMessage: (id, code) => events.push(['fail', id, code]),
    sendBeat: () => events.push(['beat']),
    refuse: (code) => events.push(['refuse', code]),
    tookTooLong: () => events.push(['too long']),
  };
  const receiver = new MessageReceiver<Said>(
    host,
    {
      codec: { decode: (encoded) => textCodec.decode(String(encoded)) },
      isBinary: false,
      limit: 100,
      handlerTimeout: 60_000,
      rateLimit: undefined,
      ...settings,
    },
    line,
  );
  receiver.begin(undefined, () => {});
  return { receiver, events };
}

// A turn ends after 8 ms as well, which pass fast where the machine is busy.
beforeEach(withFakeClock);

describe('what is received', () => {
  it('is decoded and delivered', () => {
    const { receiver, events } = receiverOn(new RecordingLine({ isMarked: false }));

    receiver.take(say('a'), false);
    receiver.take(Buffer.from(say('b')), false);

    expect(events).toEqual([
      ['deliver', 'a', undefined, false],
      ['deliver', 'b', undefined, false],
    ]);
  });

  it('is delivered with its id on a marked line', () => {
    const { receiver, events } = receiverOn(new RecordingLine());

    receiver.take(`3\n${say('a')}`, false);

    expect(events).toEqual([['deliver', 'a', 3, false]]);
  });

  it('may be a probe on a marked line, and is answered with a beat', () => {
    const { receiver, events } = receiverOn(new RecordingLine());

    receiver.take('?\n', false);

    expect(events).toEqual([['beat']]);
  });

  it('is answered where it cannot be decoded: with its id, where the header has one', () => {
    const { receiver, events } = receiverOn(new RecordingLine());

    receiver.take('1\n{}', false);
    receiver.take(say('no header'), false);
    receiver.take(Buffer.from(`2\n${say('binary')}`), true);

    expect(events).toEqual([
      ['answer', 'decode', 1],
      ['answer', 'decode', undefined],
      ['answer', 'decode', undefined],
    ]);
  });

  it('closes the connection with the 20th in a row that cannot be decoded', async () => {
    const { receiver, events } = receiverOn(new RecordingLine({ isMarked: false }));
    for (let count = 0; count < 19; count += 1) receiver.take('{}', false);
    receiver.take(say('good'), false);
    for (let count = 0; count < 20; count += 1) receiver.take('{}', false);
    await untilTurned(() => events.length === 41);

    expect(events.filter(([event]) => event !== 'answer')).toEqual([
      ['deliver', 'good', undefined, false],
      ['refuse', CloseCode.Undecodable],
    ]);
    expect(events.at(-1)).toEqual(['refuse', CloseCode.Undecodable]);
  });
});

describe('the budgets of a client', () => {
  it('are so many bytes a message, its header not counted', () => {
    const line = new RecordingLine();
    const exact = say('x'.repeat(100 - say('').length));
    const { receiver, events } = receiverOn(line);

    receiver.take(`1\n${exact}`, false);
    receiver.take(`2\n${exact} `, false);
    receiver.take(`3;${'x'.repeat(FRAME_HEADER)}\n${exact}`, false);

    expect(events).toEqual([
      ['deliver', expect.any(String), 1, false],
      ['fail', 2, 'too-large'],
      ['refuse', CloseCode.TooLarge],
      ['refuse', CloseCode.TooLarge],
    ]);
  });

  it('are so many messages and other frames at once', () => {
    const { receiver, events } = receiverOn(new RecordingLine(), {
      rateLimit: { perSecond: 0.001, burst: 2 },
    });
    receiver.take(`1\n${say('a')}`, false);

    expect(receiver.takeControl()).toBe(true);
    receiver.take(`2\n${say('b')}`, false);
    expect(receiver.takeControl()).toBe(false);

    expect(events).toEqual([
      ['deliver', 'a', 1, false],
      ['fail', 2, 'rate-limited'],
      ['refuse', CloseCode.RateLimited],
      ['refuse', CloseCode.RateLimited],
    ]);
  });

  it('are so many frames while the connection closes: then it is cut', () => {
    const line = new RecordingLine();
    const { receiver, events } = receiverOn(line);
    receiver.end();
    for (let count = 0; count < 4_095; count += 1) receiver.take('?\n', false);
    receiver.takeControl();

    expect(line.asked).toEqual([]);

    receiver.take('?\n', false);

    expect(line.asked).toEqual(['terminate']);
    expect(events).toEqual([]);
  });
});

describe('a client that resumes', () => {
  it('says first what it goes on from, and its ids go on there', () => {
    const { receiver, events } = receiverOn(new RecordingLine(), {}, true);

    receiver.take('@\n{"sent":7}', false);
    receiver.take(`5;again\n${say('repeat')}`, false);
    receiver.take(`7\n${say('old')}`, false);
    receiver.take(`8\n${say('new')}`, false);

    expect(events).toEqual([
      ['go on', '{"sent":7}'],
      ['deliver', 'repeat', 5, true],
      ['answer', 'decode', undefined],
      ['deliver', 'new', 8, false],
    ]);
  });
});
