/** From here on this worker's browser denies storage. */

Object.defineProperty(navigator.storage, 'getDirectory', {
  value: () => Promise.reject(new DOMException('blocked by the user', 'SecurityError')),
});
