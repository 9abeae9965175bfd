#pragma once
/*
 * What the loop needs of Linux and Swift's Glibc module does not map: epoll, eventfd, signalfd and
 * accept4. _GNU_SOURCE stays undefined: with it glibc turns `struct sockaddr *` into a transparent
 * union, which Swift cannot pass; accept4 is therefore declared by hand.
 */
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

extern int accept4(int, struct sockaddr *, socklen_t *, int);

static inline int clinux_accept(int fd, struct sockaddr_storage *peer, socklen_t *length) {
    return accept4(fd, (struct sockaddr *)peer, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/*
 * The concurrency runtime hands every job that names no executor to this hook, if there is one, and to
 * the global pool otherwise (swift/include/swift/Runtime/Concurrency.h). `take` says whether it took the
 * job; those it leaves go on to the pool.
 */
#include <stdbool.h>

typedef __attribute__((swiftcall)) void (*clinux_enqueue)(void *job);
typedef bool (*clinux_take)(void *job);
extern __attribute__((swiftcall)) void (*swift_task_enqueueGlobal_hook)(void *job, clinux_enqueue original);

static inline clinux_take *clinux_taker(void) {
    static clinux_take taker;
    return &taker;
}
static inline __attribute__((swiftcall)) void clinux_enqueue_global(void *job, clinux_enqueue original) {
    if (!(*clinux_taker())(job)) original(job);
}
static inline void clinux_offer_global_jobs(clinux_take take) {
    *clinux_taker() = take;
    swift_task_enqueueGlobal_hook = clinux_enqueue_global;
}
