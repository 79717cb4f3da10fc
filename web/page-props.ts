import type { SideSnapshot } from './session/sessions-store';

/** What every page with the side gets. */
export interface PageProps {
  side: SideSnapshot;
  refreshSide: () => void;
  onMore: () => void;
  onSearch: (words: string) => void;
  onSignOut: () => void;
}
