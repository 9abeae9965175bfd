#pragma once
/*
 * What the loop needs of Linux and Swift's Glibc module does not map: epoll, eventfd, pidfd, signalfd, accept4 and the
 * folder of a child process. _GNU_SOURCE stays undefined: with it glibc turns `struct sockaddr *` into a transparent
 * union, which Swift cannot pass; the last two are therefore declared by hand.
 */
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <spawn.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

extern int accept4(int, struct sockaddr *, socklen_t *, int);
extern int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *, const char *);

static inline int clinux_accept(int fd, struct sockaddr_storage *peer, socklen_t *length) {
    return accept4(fd, (struct sockaddr *)peer, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}
