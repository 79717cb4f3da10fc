import { useEffect } from 'react';

const OFF = 'mooring.single-keys-off';
export const singleKeysOff = (): boolean => localStorage.getItem(OFF) === 'yes';
export const setSingleKeysOff = (off: boolean): void => {
  if (off) localStorage.setItem(OFF, 'yes');
  else localStorage.removeItem(OFF);
};

const isField = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable]') !== null;

export interface KeyActions {
  search: () => void;
  newChat: () => void;
  /** to what waits for the person */
  waiting: () => void;
  map: () => void;
  /** ends the turn that works; null when none does */
  stop: (() => void) | null;
  chat: (step: 1 | -1) => void;
}

/** Single letters do nothing in fields, and nothing at all when they are switched off. No key approves. */
export function useKeys(actions: KeyActions): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.isComposing || document.querySelector('dialog[open]') !== null) return;
      const act = actionOf(event, actions);
      if (act === undefined || act === null) return;
      event.preventDefault();
      act();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  });
}

function actionOf(event: KeyboardEvent, actions: KeyActions): (() => void) | null | undefined {
  if (event.ctrlKey || event.metaKey) return event.key === '.' ? actions.stop : undefined;
  return event.altKey ? altAction(event.key, actions) : letterAction(event, actions);
}

function altAction(key: string, actions: KeyActions): (() => void) | undefined {
  if (key === 'ArrowUp') return () => actions.chat(-1);
  if (key === 'ArrowDown') return () => actions.chat(1);
  return undefined;
}

function letterAction(event: KeyboardEvent, actions: KeyActions): (() => void) | undefined {
  if (isField(event.target) || singleKeysOff()) return undefined;
  switch (event.key) {
    case '/':
      return actions.search;
    case 'n':
      return actions.newChat;
    case 'a':
      return actions.waiting;
    case '?':
      return actions.map;
    default:
      return undefined;
  }
}
