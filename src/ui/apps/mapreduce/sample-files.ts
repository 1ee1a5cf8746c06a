/** Text files to try a job with: made of everyday words, common ones far more often, always the same. */

import { Draw } from '../../sample/draw.ts';
import type { JobFile } from './job-files.ts';

const FILES = 12;
const SENTENCES = 900;
const SEED = 2004;
const SHORTEST = 5;
const LONGEST = 16;
const SENTENCES_A_LINE = 3;

const WORDS = (
  'the of and a to in is it that was for on are with as his they at be this from have or by one had not but ' +
  'what all were when we there can an your which their said if do will each about how up out them then she ' +
  'many some so these would other into has more her two like him see time could no make than first been its ' +
  'who now people my made over did down only way find use may water long little very after words called just ' +
  'where most know get through back much before go good new write our used me man too any day same right look ' +
  'think also around another came come work three word must because does part even place well such here take ' +
  'why things help put years different away again off went old number great tell men say small every found ' +
  'still between name should home big give air line set own under read last never us left end along while ' +
  'might next sound below saw something thought both few those always looked show large often together asked ' +
  'house world going want school important until form food keep children feet land side without boy once ' +
  'animals life enough took sometimes four head above kind began almost live page got earth need far hand high ' +
  'year mother light parts country father let night following picture being study second eyes soon times story ' +
  'river tree island harbour lantern bridge winter garden letter mountain window summer bread salt copper wool ' +
  'clock thunder meadow orchard granite ferry violin compass archive lighthouse tide ledger quarry saddle'
).split(' ');

export function sampleFiles(): JobFile[] {
  const draw = new Draw(SEED);
  return Array.from({ length: FILES }, (_, at) => {
    const contents = textOf(draw);
    return {
      name: `sample-${String(at + 1).padStart(2, '0')}.txt`,
      contents,
      bytes: contents.length,
    };
  });
}

function textOf(draw: Draw): string {
  let text = '';
  for (let at = 1; at <= SENTENCES; at += 1) {
    text += sentenceOf(draw) + (at % SENTENCES_A_LINE === 0 ? '\n' : ' ');
  }
  return text;
}

function sentenceOf(draw: Draw): string {
  const words = Array.from({ length: draw.between(SHORTEST, LONGEST) }, () => {
    return WORDS[draw.small(WORDS.length)] ?? '';
  });
  const sentence = words.join(' ');
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`;
}
