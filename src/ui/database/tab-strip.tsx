/**
 * The row of tabs. By the keyboard it is one stop: arrows go through the tabs, Delete closes one, F2
 * renames it. The cross within a tab is for the mouse.
 */

import '../style/results.css';
import '../style/database.css';
import { useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { view } from '../views.ts';
import { closeByPerson } from './tab-closing.ts';
import { tabActionOf, tabAfterKey } from './tab-keys.ts';
import { MAX_NAME_CHARACTERS, MAX_TABS, type Tab } from './tab-list.ts';
import { PANEL_ID, tabElementId } from './tab-panel.ts';
import {
  activeTab,
  focusEditor,
  openQueryTab,
  renameTab,
  selectTab,
  tabList,
  tabNotice,
} from './tab-store.ts';

export function TabStrip() {
  const { tabs, activeId } = tabList.value;
  const isRenaming = useSignal(false);
  useViewKeys();
  useLayoutEffect(() => {
    const tab = document.getElementById(tabElementId(activeId));
    tab?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [activeId]);

  function onKeyDown(event: KeyboardEvent): void {
    const at = tabs.findIndex(({ id }) => id === activeId);
    const next = event.altKey ? null : tabAfterKey(event.key, at, tabs.length);
    if (next !== null) selectTab(tabs[next]?.id ?? activeId);
    else if (event.key === 'Delete') void closeByPerson(activeId).then(focusActive);
    else if (event.key === 'F2') isRenaming.value = true;
    else return;
    event.preventDefault();
    if (!isRenaming.value) focusActive();
  }

  return (
    <>
      <div class="tabs" role="tablist" aria-label="Queries and tables" onKeyDown={onKeyDown}>
        {tabs.map((tab) => (
          <TabHead
            key={tab.id}
            tab={tab}
            isActive={tab.id === activeId}
            onRename={() => {
              isRenaming.value = true;
            }}
          />
        ))}
      </div>
      <TabActions
        onRename={() => {
          isRenaming.value = !isRenaming.value;
        }}
      />
      <p class="tab-notice" role="status">
        {tabNotice.value}
      </p>
      {isRenaming.value && (
        <NameForm
          key={activeId}
          onDone={() => {
            isRenaming.value = false;
            focusActive();
          }}
        />
      )}
    </>
  );
}

function openAndWrite(): void {
  if (openQueryTab()) focusEditor();
}

/** Once it is drawn. */
function focusActive(): void {
  requestAnimationFrame(() => {
    document.getElementById(tabElementId(tabList.peek().activeId))?.focus();
  });
}

/** Keys that work anywhere in the view. */
function useViewKeys(): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const isTyping = isTextField(event.target);
      const action = view.value === 'database' ? tabActionOf(event, isTyping) : null;
      if (action === null || document.querySelector('dialog[open]') !== null) return;
      event.preventDefault();
      const { tabs, activeId } = tabList.value;
      if (action === 'new') openAndWrite();
      else if (action === 'close') void closeByPerson(activeId);
      else {
        const at = tabs.findIndex(({ id }) => id === activeId);
        const next = tabAfterKey(action === 'next' ? 'ArrowRight' : 'ArrowLeft', at, tabs.length);
        if (next !== null) selectTab(tabs[next]?.id ?? activeId);
      }
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
}

function isTextField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || target.matches('input, textarea');
}

interface TabHeadProps {
  readonly tab: Tab;
  readonly isActive: boolean;
  readonly onRename: () => void;
}

function TabHead({ tab: { id, name, table }, isActive, onRename }: TabHeadProps) {
  return (
    <div
      id={tabElementId(id)}
      class="tab"
      role="tab"
      tabIndex={isActive ? 0 : -1}
      aria-selected={isActive}
      aria-controls={isActive ? PANEL_ID : undefined}
      onClick={() => selectTab(id)}
      onDblClick={onRename}
      onAuxClick={({ button }) => {
        if (button === 1) void closeByPerson(id);
      }}
    >
      {table !== null && (
        <svg class="tab-sign" viewBox="0 0 16 16" aria-hidden="true">
          <path d="M2 3h12v10H2zM2 6.5h12M7 6.5V13" />
        </svg>
      )}
      <span class="tab-name">{name}</span>
      <span
        class="tab-cross"
        aria-hidden="true"
        title="Close (Alt+W)"
        onClick={(event) => {
          event.stopPropagation();
          void closeByPerson(id);
        }}
      >
        ×
      </span>
    </div>
  );
}

function TabActions({ onRename }: { readonly onRename: () => void }) {
  const isFull = tabList.value.tabs.length >= MAX_TABS;
  const active = activeTab.value;
  return (
    <div class="tab-actions">
      <button
        type="button"
        class="tab-action"
        aria-label="New query tab"
        aria-keyshortcuts="Alt+N"
        title={isFull ? `There are ${MAX_TABS} tabs already` : 'New query tab (Alt+N)'}
        disabled={isFull}
        onClick={openAndWrite}
      >
        +
      </button>
      <button
        type="button"
        class="tab-action"
        aria-label="Rename this tab"
        title="Rename this tab (F2)"
        disabled={active === undefined || active.table !== null}
        onClick={onRename}
      >
        <svg viewBox="0 0 16 16" aria-hidden="true">
          <path d="m3 13 .6-2.8 7.3-7.3 2.2 2.2-7.3 7.3z" />
        </svg>
      </button>
      <button
        type="button"
        class="tab-action tab-close"
        aria-label="Close this tab"
        aria-keyshortcuts="Alt+W"
        title="Close this tab (Alt+W); what is written in it goes into the history"
        onClick={() => void closeByPerson(tabList.value.activeId)}
      >
        ×
      </button>
    </div>
  );
}

function NameForm({ onDone }: { readonly onDone: () => void }) {
  const field = useRef<HTMLInputElement>(null);
  const tab = activeTab.value;
  const isQuery = tab !== undefined && tab.table === null;
  useEffect(() => {
    if (!isQuery) onDone();
    field.current?.select();
  }, []);
  if (!isQuery) return null;
  return (
    <form
      class="tab-naming"
      onSubmit={(event) => {
        event.preventDefault();
        renameTab(tab.id, field.current?.value ?? '');
        onDone();
      }}
      onKeyDown={({ key }) => {
        if (key === 'Escape') onDone();
      }}
    >
      <label class="field">
        <span>Name</span>
        <input
          ref={field}
          type="text"
          class="text-input"
          defaultValue={tab.name}
          maxLength={MAX_NAME_CHARACTERS}
        />
      </label>
      <button type="submit" class="button">
        Rename
      </button>
    </form>
  );
}
