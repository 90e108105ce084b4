// Runs in the sandbox: gives tests written for jest its object by the functions of vitest that mean the same.
import { vi } from 'vitest';

globalThis.jest = Object.assign(Object.create(vi), { setTimeout: () => globalThis.jest });
