/**
 * What one read of the stream brings is given to ws in pieces, so many per turn. ws parses all it is
 * given before it returns, and 64 KiB can hold ten thousand frames: with twenty clients that flood,
 * the event loop would stand until all of them are parsed, and a pause would come after that.
 */
import { type Duplex } from 'node:stream';
import { type WebSocket } from 'ws';
import { type Resumable, resumeNextTurn, Turn } from '../process/fairness.ts';
import { type Parser, parserOf, type Written } from './ws-internals.ts';

/** A piece is this large, or as large as what ws holds of a frame that it has begun. */
const PIECE = 1_024;
/** What one connection may have parsed in a turn. */
const PIECES_PER_TURN = 256;
const MILLISECONDS_PER_TURN = 1;

/** The line whose stream is read. */
export interface PausedLine {
  /** While this is true ws is given nothing. */
  readonly isPaused: boolean;
  readonly stream: Duplex;
  pieces: Pieces | undefined;
}

const reader: unique symbol = Symbol('omnimessage reader');
type ReadParser = Parser & { [reader]?: PausedLine };

/** From here on ws is given what arrives in pieces. */
export function readInPieces(socket: WebSocket, line: PausedLine): void {
  const parser: ReadParser | undefined = parserOf(socket);
  if (parser === undefined) return;
  parser[reader] = line;
  // guard: a read takes turns
  parser._write = writeInPieces;
}

/** Replaces the `_write` of the parser; one function for all, so that an idle connection stays small. */
function writeInPieces(
  this: ReadParser,
  chunk: Buffer,
  encoding: BufferEncoding,
  written: Written,
): void {
  const line = this[reader];
  if (line === undefined || chunk.length <= PIECE) {
    parse(this, chunk, encoding, written);
  } else {
    line.pieces ??= new Pieces(this, line);
    line.pieces.give(chunk, encoding, written);
  }
}

/** Gives a parser its chunks, one after the other. */
export class Pieces implements Resumable {
  readonly #parser: Parser;
  readonly #line: PausedLine;
  readonly #turn: Turn = new Turn(PIECES_PER_TURN, MILLISECONDS_PER_TURN);
  #chunk: Buffer | undefined;
  #encoding: BufferEncoding = 'utf8';
  #at = 0;
  #written: Written | undefined;
  #isScheduled = false;
  #isParsing = false;
  /** The stream has closed: ws tells it when it has parsed what is left, paused or not. */
  #isClosed = false;
  #isDropped = false;

  constructor(parser: Parser, line: PausedLine) {
    this.#parser = parser;
    this.#line = line;
    // guard: a pause does not keep back that a client has gone
    line.stream.once('close', () => {
      this.#isClosed = true;
      this.goOn();
    });
  }

  /** A chunk has arrived. The stream brings no other before `written` is called. */
  give(chunk: Buffer, encoding: BufferEncoding, written: Written): void {
    this.#chunk = chunk;
    this.#encoding = encoding;
    this.#written = written;
    this.#at = 0;
    this.resume();
  }

  /** The line is no longer paused. */
  goOn(): void {
    if (this.#chunk === undefined || this.#isScheduled) return;
    this.#isScheduled = true;
    resumeNextTurn(this);
  }

  /** Nothing of what is left matters any more. */
  drop(): void {
    this.#isDropped = true;
    if (!this.#isParsing) this.#through();
  }

  resume(): void {
    this.#isScheduled = false;
    if (this.#isParsing) return;
    while (this.#chunk !== undefined && (this.#isClosed || !this.#line.isPaused)) {
      if (!this.#turn.take()) {
        this.goOn();
        return;
      }
      if (!this.#parsePiece(this.#chunk)) return;
    }
  }

  /** @returns false when this was the last piece, or when the parser takes its time */
  #parsePiece(chunk: Buffer): boolean {
    // A large message grows in few pieces: ws bounds their number.
    const size = Math.max(PIECE, this.#parser._bufferedBytes);
    const piece = chunk.subarray(this.#at, this.#at + size);
    this.#at += piece.length;
    let isAtOnce = true;
    let failure: Error | null | undefined;
    this.#isParsing = true;
    parse(this.#parser, piece, this.#encoding, (error) => {
      this.#isParsing = false;
      failure = error;
      if (!isAtOnce && this.#isLeft(chunk, error)) this.resume();
    });
    isAtOnce = false;
    return !this.#isParsing && this.#isLeft(chunk, failure);
  }

  /** Tells the stream when nothing of a chunk is left. */
  #isLeft(chunk: Buffer, error: Error | null | undefined): boolean {
    if (!error && !this.#isDropped && this.#at < chunk.length) return true;
    this.#through(error);
    return false;
  }

  #through(error?: Error | null): void {
    const written = this.#written;
    this.#chunk = undefined;
    this.#written = undefined;
    written?.(error);
  }
}

function parse(parser: Parser, chunk: Buffer, encoding: BufferEncoding, written: Written): void {
  (Object.getPrototypeOf(parser) as Parser)._write.call(parser, chunk, encoding, written);
}
