// Entry of the workspace page: reads what the server put on #workspace and mounts the app there.
import { start } from './workspace/start.tsx';

const host = document.getElementById('workspace');
if (host) start(host);
