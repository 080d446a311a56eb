import { expect, test } from 'vitest';
import { parseOptions, UsageError } from './argv.ts';

const read = (...argv: string[]) => parseOptions(argv, '/home/me');

test('without options the configuration decides', () => {
  expect(read()).toEqual({
    untilIdle: false,
    report: null,
    speed: null,
    dataDir: null,
    config: null,
    market: null,
    signals: null,
    newLedger: false,
  });
});

test('paths are taken from where the command was typed', () => {
  expect(read('--until-idle', '--report', 'r.json', '--speed', '20', '--data-dir=/var/fleet')).toMatchObject({
    untilIdle: true,
    report: '/home/me/r.json',
    speed: 20,
    dataDir: '/var/fleet',
  });
});

test('a misspelt option is answered with the near one', () => {
  expect(() => read('--until-idl')).toThrow('there is no option --until-idl; did you mean --until-idle?');
  expect(() => read('--datadir', 'x')).toThrow('did you mean --data-dir?');
  expect(() => read('--frobnicate')).toThrow('see npm start -- --help');
});

test('a missing or superfluous value is named', () => {
  expect(() => read('--report')).toThrow('--report needs a value');
  expect(() => read('--until-idle=yes')).toThrow('--until-idle takes no value');
  expect(() => read('go')).toThrow('"go" is not an option');
});

test('a speed that is none is refused', () => {
  for (const text of ['0', '-3', 'fast', '', 'Infinity', '1001']) expect(() => read(`--speed=${text}`), text).toThrow(UsageError);
});

test('an option that is followed by another is missing its value', () => {
  expect(() => read('--report', '--until-idle')).toThrow('--report needs a value');
});

test('help wins over everything that is well written', () => {
  expect(read('--speed', '5', '--help')).toBeNull();
  expect(read('-h')).toBeNull();
});
