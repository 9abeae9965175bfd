/**
 * Runs work in one tab of this browser at a time; at once where the browser has no locks, or refuses them.
 * @template T
 * @param {string} name @param {() => Promise<T>} work @param {AbortSignal} [signal] ends the wait
 * @returns {Promise<T>}
 */
export async function inOneTab(name, work, signal) {
  let hasBegun = false;
  const begin = () => {
    hasBegun = true;
    return work();
  };
  if (!navigator.locks) return begin();
  try {
    return await navigator.locks.request(name, signal ? { signal } : {}, begin);
  } catch (error) {
    if (hasBegun || signal?.aborted) throw error;
    return begin();
  }
}
