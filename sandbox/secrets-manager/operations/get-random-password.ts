import { randomInt } from 'node:crypto';
import type { Operation } from '../../service.ts';
import { checkAccount } from '../access.ts';
import { invalidParameter } from '../errors.ts';
import { optionalBoolean, optionalInteger, optionalString } from '../input.ts';

const CLASSES = [
  { exclude: 'ExcludeLowercase', characters: 'abcdefghijklmnopqrstuvwxyz' },
  { exclude: 'ExcludeUppercase', characters: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ' },
  { exclude: 'ExcludeNumbers', characters: '0123456789' },
  { exclude: 'ExcludePunctuation', characters: '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~' },
] as const;

export function getRandomPassword(): Operation {
  return {
    authorize: () => [checkAccount('GetRandomPassword')],
    run: async (input) => {
      const length = optionalInteger(input, 'PasswordLength', 1, 4096) ?? 32;
      const excluded = optionalString(input, 'ExcludeCharacters', 0, 4096) ?? '';
      const everyClass = optionalBoolean(input, 'RequireEachIncludedType') ?? true;
      const allow = (characters: string): string =>
        [...characters].filter((character) => !excluded.includes(character)).join('');
      const classes = CLASSES.filter((each) => optionalBoolean(input, each.exclude) !== true)
        .map((each) => allow(each.characters))
        .filter((characters) => characters !== '');
      const space = optionalBoolean(input, 'IncludeSpace') === true ? allow(' ') : '';
      const alphabet = classes.join('') + space;
      if (alphabet === '') {
        throw invalidParameter('No characters are left for the password.');
      }
      if (everyClass && classes.length > length) {
        throw invalidParameter(
          'The password length is too short based on the requested types of characters.',
        );
      }
      const chosen = everyClass ? classes.map(pick) : [];
      while (chosen.length < length) {
        chosen.push(pick(alphabet));
      }
      return { RandomPassword: shuffled(chosen).join('') };
    },
  };
}

function pick(characters: string): string {
  return characters.charAt(randomInt(characters.length));
}

/** Fisher-Yates. */
function shuffled(characters: readonly string[]): string[] {
  const result = [...characters];
  for (let last = result.length - 1; last > 0; last -= 1) {
    const other = randomInt(last + 1);
    [result[last], result[other]] = [result[other] ?? '', result[last] ?? ''];
  }
  return result;
}
