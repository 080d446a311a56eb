import { expect, it } from 'vitest';
import { parseAsked } from './argv.ts';

it('takes a number of points, all of them or one, with or without the word', () => {
  expect(parseAsked([])).toMatchObject({ points: 12, seed: 1 });
  expect(parseAsked(['20', '--seed', '7'])).toMatchObject({ points: 20, seed: 7 });
  expect(parseAsked(['--points', '20', '--parallel', '1'])).toMatchObject({ points: 20, parallel: 1 });
  expect(parseAsked(['all']).points).toBe('all');
  expect(parseAsked(['--points', 'all'])).toMatchObject({ points: 'all', part: { number: 1, of: 1 } });
  expect(parseAsked(['all', '--part', '2/8']).part).toEqual({ number: 2, of: 8 });
  expect(parseAsked(['--at', 'Sentient:12:thread']).points).toEqual({ thread: 'Sentient', moment: 12, way: 'thread' });
});

it.each([
  [['some'], 'the number of points is some: give a whole number, 1 or more'],
  [['0'], 'the number of points is 0'],
  [['5', '--points', '6'], '5 and 6: give one number of points, or all'],
  [['--seed', '-1e'], '--seed'],
  [['--part', '1/2'], 'only all of the points come in parts'],
  [['all', '--part', '3/2'], '--part is 3/2: give I/N, I from 1 to N'],
  [['all', '--part', 'half'], '--part is half'],
  [['--at', 'main:x:process'], 'the moment of --at is x'],
  [['--at', 'main:3:fire'], '--at is main:3:fire: give THREAD:MOMENT:WAY, way one of process, thread, machine'],
])('refuses %j and says what may be given', (args, said) => {
  expect(() => parseAsked(args)).toThrow(said);
});
