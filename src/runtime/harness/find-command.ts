/**
 * Finds a command the way a shell would, in directories that are passed in: the person's PATH as
 * it was read at the door, and where this installation keeps agents of its own.
 */
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';

export function commandFinder(
  path: string,
  extra: readonly string[],
): (command: string) => Promise<string | null> {
  const directories = [...path.split(delimiter).filter((one) => isAbsolute(one)), ...extra];
  return async (command) => {
    if (isAbsolute(command)) return (await isExecutable(command)) ? command : null;
    if (command === '' || command.includes('/')) return null;
    for (const directory of directories) {
      const candidate = join(directory, command);
      if (await isExecutable(candidate)) return candidate;
    }
    return null;
  };
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
