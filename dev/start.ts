import { runCommand } from './supervisor/command';

/** `npm start`: brings up all that makes one machine enough, keeps it running, and takes it down again. */
runCommand();
