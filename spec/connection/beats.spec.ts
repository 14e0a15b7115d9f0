import { describe, expect, it } from 'vitest';
import { Beats } from '../../lib/connection/beats.ts';
import { RecordingLine } from '../support/recording-line.ts';

const settings = {
  interval: 100,
  isBinary: false,
  limit: 64,
  rateLimit: undefined,
  resume: undefined,
};

describe('the hello', () => {
  it.each([
    ['of a line', settings, { version: 1, interval: 100, limit: 64 }],
    [
      'with a rate',
      { ...settings, rateLimit: { perSecond: 5, burst: 20 } },
      { version: 1, interval: 100, limit: 64, rate: 5 },
    ],
    [
      'without a heartbeat, which is a day',
      { ...settings, interval: Infinity },
      { version: 1, interval: 86_400_000, limit: 64 },
    ],
  ])('%s says what the client must know', (_name, given, hello) => {
    const line = new RecordingLine();

    new Beats(line, given).greet();

    const [[header, encoded]] = line.written as [[string, string]];
    expect(header).toBe('!');
    expect(JSON.parse(encoded)).toEqual(hello);
  });

  it('is bytes on a binary line', () => {
    const line = new RecordingLine();

    new Beats(line, { ...settings, isBinary: true }).greet();

    const [, encoded] = line.written[0]!;
    expect(encoded).toBeInstanceOf(Uint8Array);
    expect(JSON.parse(Buffer.from(encoded).toString())).toMatchObject({ version: 1 });
  });
});

describe('a beat', () => {
  it('is sent when nothing was sent for the interval, and for each that follows', () => {
    const line = new RecordingLine();
    const beats = new Beats(line, settings);

    beats.beat(99);
    expect(line.written).toEqual([]);
    beats.beat(1);
    expect(line.written).toEqual([['.', '']]);
    // This one only sees that the beat itself was sent.
    beats.beat(100);
    beats.beat(99);
    expect(line.written).toHaveLength(1);
    beats.beat(1);
    expect(line.written).toHaveLength(2);
  });

  it('is not sent where anything was: its time begins anew', () => {
    const line = new RecordingLine();
    const beats = new Beats(line, settings);

    beats.beat(99);
    line.write('news', '');
    beats.beat(99);
    beats.beat(99);
    expect(line.written).toEqual([['', 'news']]);
    beats.beat(1);
    expect(line.written).toHaveLength(2);
  });

  it('is not sent on a line that is closed', () => {
    const line = new RecordingLine();
    const beats = new Beats(line, settings);
    line.isOpen = false;

    beats.beat(1_000);

    expect(line.written).toEqual([]);
  });
});
