/** A new job: its files, its functions, and how many reduce tasks it has. */

import { useSignal, type Signal } from '@preact/signals';
import { useEffect, useId, useRef } from 'preact/hooks';
import { watchDrops } from '../../file-drop.ts';
import { formatBytes, formatCount, formatCounted } from '../../wording.ts';
import {
  addFiles,
  addSamples,
  fileProblems,
  isReading,
  jobFiles,
  removeFile,
  removeFiles,
} from './file-store.ts';
import {
  choice,
  isReady,
  isStarting,
  mapSource,
  reduceCount,
  REDUCES_MAX,
  reduces,
  reduceSource,
  start,
  startProblem,
  type JobChoice,
} from './form-store.ts';
import { bytesOf, FILE_BYTES_MAX, FILES_MAX, TOTAL_BYTES_MAX } from './job-files.ts';
import { READY_JOBS } from './job-words.ts';

const CHOICES: readonly (readonly [JobChoice, string])[] = [
  ...(Object.entries(READY_JOBS) as [JobChoice, string][]),
  ['typed', 'Own functions'],
];

export function JobForm() {
  return (
    <form
      class="card mapreduce-card"
      aria-labelledby="mapreduce-new"
      onSubmit={(event) => {
        event.preventDefault();
        void start();
      }}
    >
      <h2 id="mapreduce-new">New job</h2>
      <Files />
      <div class="mapreduce-line">
        <label class="field">
          <span>Job</span>
          <select
            value={choice.value}
            onChange={({ currentTarget }) => (choice.value = currentTarget.value as JobChoice)}
          >
            {CHOICES.map(([name, title]) => (
              <option key={name} value={name}>
                {title}
              </option>
            ))}
          </select>
        </label>
        <Reduces />
      </div>
      {choice.value === 'typed' && <Functions />}
      <div class="mapreduce-line">
        <button type="submit" class="button button-main" disabled={!isReady.value}>
          {isStarting.value ? 'Starting…' : 'Start'}
        </button>
        {isReading.value && (
          <span class="hint" role="status">
            Files are being read…
          </span>
        )}
        {jobFiles.value.length === 0 && !isReading.value && (
          <span class="hint">It needs at least one file.</span>
        )}
      </div>
      {startProblem.value !== null && (
        <p class="mapreduce-problem" role="alert">
          It was not started: {startProblem.value}
        </p>
      )}
    </form>
  );
}

function Files() {
  const input = useRef<HTMLInputElement>(null);
  const isOver = useSignal(false);
  const bounds = useId();
  useEffect(() => watchDrops(isOver, (files) => void addFiles(files)), []);
  return (
    <div class={isOver.value ? 'mapreduce-files mapreduce-files-over' : 'mapreduce-files'}>
      <div class="mapreduce-line">
        <button
          type="button"
          class="button"
          aria-describedby={bounds}
          onClick={() => input.current?.click()}
        >
          Choose files…
        </button>
        <button type="button" class="button" onClick={addSamples}>
          Make sample files
        </button>
        <input
          ref={input}
          type="file"
          multiple
          hidden
          aria-label="Text files"
          onChange={({ currentTarget }) => {
            void addFiles(Array.from(currentTarget.files ?? []));
            // The same file may be chosen again.
            currentTarget.value = '';
          }}
        />
      </div>
      <p id={bounds} class="hint">
        Or drop text files here: in UTF-8, each up to {formatBytes(FILE_BYTES_MAX)}, together up to{' '}
        {formatBytes(TOTAL_BYTES_MAX)} and {formatCount(FILES_MAX)} files.
      </p>
      <FileList />
      {fileProblems.value.length > 0 && (
        <div role="alert">
          <ul class="mapreduce-problem">
            {fileProblems.value.map((problem) => (
              <li key={problem}>{problem}</li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}

function FileList() {
  const { value: files } = jobFiles;
  if (files.length === 0) return null;
  return (
    <>
      <div class="mapreduce-line">
        <strong>
          {formatCounted(files.length, 'file')}, {formatBytes(bytesOf(files))}
        </strong>
        <button type="button" class="link" onClick={removeFiles}>
          Remove all
        </button>
      </div>
      {/* A scrolled box has to be reached by the keyboard. */}
      <div class="mapreduce-file-list" role="region" aria-label="Files" tabIndex={0}>
        <ul>
          {files.map(({ name, bytes }) => (
            <li key={name}>
              <span class="mapreduce-file-name">{name}</span>
              <span class="hint">{formatBytes(bytes)}</span>
              <button
                type="button"
                class="mapreduce-remove"
                aria-label={`Remove ${name}`}
                onClick={() => removeFile(name)}
              >
                ×
              </button>
            </li>
          ))}
        </ul>
      </div>
    </>
  );
}

function Reduces() {
  const isBad = reduceCount.value === null;
  return (
    <label class="field mapreduce-reduces">
      <span>Reduce tasks</span>
      <input
        type="number"
        class="text-input"
        min={1}
        max={REDUCES_MAX}
        step={1}
        required
        aria-invalid={isBad}
        value={reduces.value}
        onInput={({ currentTarget }) => (reduces.value = currentTarget.value)}
      />
      {isBad && <span class="bad">1 to {formatCount(REDUCES_MAX)}</span>}
    </label>
  );
}

function Functions() {
  return (
    <div class="mapreduce-functions">
      <Source label="Map function" source={mapSource} />
      <Source label="Reduce function" source={reduceSource} />
    </div>
  );
}

interface SourceProps {
  readonly label: string;
  readonly source: Signal<string>;
}

function Source({ label, source }: SourceProps) {
  return (
    <label class="mapreduce-source">
      <span>{label}, in JavaScript</span>
      <textarea
        rows={6}
        spellcheck={false}
        autocapitalize="off"
        autocomplete="off"
        wrap="off"
        value={source.value}
        onInput={({ currentTarget }) => (source.value = currentTarget.value)}
      />
    </label>
  );
}
