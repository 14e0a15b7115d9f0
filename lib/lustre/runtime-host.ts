/** What a running component needs of its surroundings. */
import { type ApplicationError } from '../application/errors.ts';
import { type OmniError } from '../core/errors.ts';

/** What runs a component. Its functions must not throw. */
export interface RuntimeHost {
  readonly failed: (error: OmniError) => void;
  /** Called before the viewers are. */
  readonly ended: (error?: ApplicationError) => void;
}
