import { runCommand } from './supervisor/command';
import { reloadOnChange } from './watch/reload';

/** `npm run dev`: as `npm start`, and what is changed takes effect while it runs. */
runCommand(reloadOnChange);
