/** What time does: its pace and its steps. */

import { canFlow, isPlaying, nextStep, restart, step, stepBack, still } from './lab-store.ts';
import { LabIcon } from './lab-icons.tsx';
import { FASTEST, speedAt, SPEEDS } from './pacing.ts';
import { playToEnd, speed, togglePlaying } from './player.ts';

export function Controls() {
  return (
    <div class="lab-time">
      <div class="lab-controls" role="group" aria-label="Time">
        <TimeButton name="Restart" icon="restart" keyName="R" onPress={() => void restart()} />
        <TimeButton
          name="Step back"
          icon="back"
          keyName="←"
          onPress={() => void stepBack('notable')}
        />
        <PlayButton />
        <TimeButton
          name="Step"
          icon="step"
          keyName="→"
          isDisabled={!canFlow.value}
          onPress={() => void step('notable')}
        />
        <EndButton />
      </div>
      <SpeedSlider />
      <p class="hint lab-keys">
        <button
          type="button"
          class="link"
          disabled={!canFlow.value}
          onClick={() => void step('event')}
        >
          One event
        </button>{' '}
        <kbd>Shift →</kbd> <span>and back</span> <kbd>Shift ←</kbd> · <kbd>1</kbd> to <kbd>9</kbd>{' '}
        servers · <kbd>M</kbd> messages · <kbd>Esc</kbd> none
      </p>
    </div>
  );
}

interface TimeButtonProps {
  readonly name: string;
  readonly icon: Parameters<typeof LabIcon>[0]['name'];
  readonly keyName: string;
  readonly isDisabled?: boolean;
  readonly isMain?: boolean;
  readonly onPress: () => void;
}

function TimeButton({ name, icon, keyName, isDisabled, isMain, onPress }: TimeButtonProps) {
  return (
    <button
      type="button"
      class={`button ${isMain === true ? 'button-main' : ''}`}
      disabled={isDisabled ?? false}
      onClick={onPress}
    >
      <LabIcon name={icon} />
      <span class="lab-button-name">{name}</span>
      <kbd>{keyName}</kbd>
    </button>
  );
}

function PlayButton() {
  return (
    <TimeButton
      name={isPlaying.value ? 'Pause' : 'Play'}
      icon={isPlaying.value ? 'pause' : 'play'}
      keyName="Space"
      isMain={canFlow.value}
      isDisabled={!canFlow.value}
      onPress={togglePlaying}
    />
  );
}

/** A free world has no end. */
function EndButton() {
  const { value: now } = still;
  if (now === null || now.source.type === 'free' || now.story?.isLeft === true) return null;
  if (now.story === null) {
    return (
      <TimeButton
        name="To the end"
        icon="end"
        keyName="E"
        isDisabled={now.ended}
        onPress={playToEnd}
      />
    );
  }
  const { isStepOver, isOver } = now.story;
  return (
    <span class="lab-next">
      <TimeButton
        name={isStepOver ? 'Next' : 'To its end'}
        icon="end"
        keyName="N"
        isMain={isStepOver && !isOver}
        isDisabled={isOver}
        onPress={() => void nextStep()}
      />
    </span>
  );
}

function SpeedSlider() {
  const { name, words } = speedAt(speed.value);
  return (
    <label class="lab-speed">
      <span>Speed</span>
      <input
        type="range"
        min={0}
        max={FASTEST}
        step={1}
        list="lab-speeds"
        value={speed.value}
        aria-valuetext={words}
        onInput={({ currentTarget }) => (speed.value = Number(currentTarget.value))}
      />
      <datalist id="lab-speeds">
        {SPEEDS.map((stop, place) => (
          <option key={stop.name} value={place} label={stop.name} />
        ))}
      </datalist>
      <output>{name}</output>
      <kbd>−</kbd>
      <kbd>+</kbd>
    </label>
  );
}
