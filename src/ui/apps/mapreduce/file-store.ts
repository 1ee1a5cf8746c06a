/** The files of the next job; they stay while the view is away. Components only read. */

import { computed, signal, type ReadonlySignal } from '@preact/signals';
import { readFile, withFile, type JobFile, type SourceFile } from './job-files.ts';
import { sampleFiles } from './sample-files.ts';

const taken = signal<readonly JobFile[]>([]);
const fileProblemTexts = signal<readonly string[]>([]);
const batchesUnderWay = signal(0);

export const jobFiles: ReadonlySignal<readonly JobFile[]> = taken;
export const fileProblems: ReadonlySignal<readonly string[]> = fileProblemTexts;
/** Files are being read: a job that began now would be without them. */
export const isReading = computed(() => batchesUnderWay.value > 0);

let lastBatch = Promise.resolve();

/** One batch after the other, in their order, beside what is there by then. */
export function addFiles(files: readonly SourceFile[]): Promise<void> {
  if (batchesUnderWay.value === 0) fileProblemTexts.value = [];
  batchesUnderWay.value += 1;
  lastBatch = lastBatch.then(() => takeBatch(files));
  return lastBatch;
}

async function takeBatch(sources: readonly SourceFile[]): Promise<void> {
  for (const source of sources) {
    const read = await readFile(source);
    const { files, problem } = withFile(taken.value, source.name, read);
    taken.value = files;
    if (problem !== null) fileProblemTexts.value = [...fileProblemTexts.value, problem];
  }
  batchesUnderWay.value -= 1;
}

export function addSamples(): void {
  const samples = sampleFiles();
  const names = new Set(samples.map(({ name }) => name));
  taken.value = [...taken.value.filter(({ name }) => !names.has(name)), ...samples];
  fileProblemTexts.value = [];
}

export function removeFile(name: string): void {
  taken.value = taken.value.filter((file) => file.name !== name);
}

export function removeFiles(): void {
  taken.value = [];
  fileProblemTexts.value = [];
}
