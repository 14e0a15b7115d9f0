import { type OmniError } from '../core/errors.ts';
import { type ApplicationError } from './errors.ts';
import { type Origin } from './origins.ts';

/** What runs a program. None of these may throw but `offered`, `command` and `close`. */
export interface LoopHost<Message> {
  /** A message is about to be given to update. What this throws is reported to `failed`. */
  readonly offered: (message: Message, origin: Origin | undefined) => void;
  /** Every message of this origin has been handled. Must not throw. */
  readonly settled?: (origin: Origin) => void;
  /** Carries out a command of an effect. What this throws is reported to `failed`. */
  readonly command?: (command: unknown) => void;
  /** Closes the program's connection, where it has one. What this throws is reported to `failed`. */
  readonly close?: (
    code: number | undefined,
    reason: string | undefined,
    origin: Origin | undefined,
  ) => void;
  /** Something failed, and the program continues. */
  readonly failed: (error: OmniError) => void;
  /** The program has ended: because it was stopped, or because of `error`. Called once. */
  readonly ended: (error: ApplicationError | undefined, origin: Origin | undefined) => void;
}
