/** Runs a command line. */
import { check } from './commands/check.ts';
import { definition } from './commands/definition.ts';
import { gleam } from './commands/gleam.ts';
import { newProject } from './commands/new.ts';
import { golden } from './commands/golden.ts';
import { typescript } from './commands/typescript.ts';
import { type Command, Exit, type ExitCode, type Terminal } from './terminal.ts';
import { reasonOf, UsageError } from './usage-error.ts';

const COMMANDS: Readonly<Record<string, Command>> = {
  new: newProject,
  gleam,
  typescript,
  definition,
  golden,
  check,
};

/**
 * Runs a command.
 * @param args - the name of the command, then its arguments
 * @returns the code to exit with: 2 when it was used wrongly, or given what it cannot use
 */
export async function run(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    const isAsked = name !== undefined;
    (isAsked ? terminal.out : terminal.log)(usage());
    return isAsked ? Exit.Done : Exit.Misuse;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    terminal.log(`there is no command \`${name}\`: ${Object.keys(COMMANDS).join(', ')}\n`);
    return Exit.Misuse;
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    terminal.out(`${usageOf(name, command)}\n`);
    return Exit.Done;
  }
  try {
    return await command.run(rest, terminal);
  } catch (error) {
    const text = error instanceof UsageError ? error.message : `${name} failed: ${reasonOf(error)}`;
    terminal.log(`${text}\n`);
    return Exit.Misuse;
  }
}

function usage(): string {
  const lines = Object.entries(COMMANDS).map(([name, command]) => usageOf(name, command));
  return `${['Usage: npx express-omnimessage COMMAND', '', ...lines].join('\n')}\n`;
}

function usageOf(name: string, { usage: words, summary }: Command): string {
  return `  ${name} ${words}\n      ${summary}`;
}
