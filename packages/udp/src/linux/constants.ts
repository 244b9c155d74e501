/** Numbers of Linux's system call interface, the same on x86-64 and arm64. */

export const AF_INET = 2;
export const AF_INET6 = 10;
export const SOCK_DGRAM = 2;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;

export const SOL_SOCKET = 1;
export const SO_SNDBUF = 7;
export const SO_RCVBUF = 8;
export const SO_REUSEPORT = 15;
export const SO_MARK = 36;
export const SO_BUSY_POLL = 46;
export const SO_SNDBUFFORCE = 32;
export const SO_RCVBUFFORCE = 33;
/** Nine unsigned 32-bit figures about a socket's memory (linux/sock_diag.h). */
export const SO_MEMINFO = 55;
export const SK_MEMINFO_WORDS = 9;
export const SK_MEMINFO_DROPS = 8;

export const SOL_IP = 0;
export const IP_PKTINFO = 8;
export const IP_TRANSPARENT = 19;
/** The option (IP_RECVORIGDSTADDR) and the control message (IP_ORIGDSTADDR) share the number. */
export const IP_ORIGDSTADDR = 20;

export const SOL_IPV6 = 41;
export const IPV6_V6ONLY = 26;
export const IPV6_RECVPKTINFO = 49;
export const IPV6_PKTINFO = 50;
/** As {@link IP_ORIGDSTADDR}. */
export const IPV6_ORIGDSTADDR = 74;
export const IPV6_TRANSPARENT = 75;

export const SOL_UDP = 17;
export const UDP_SEGMENT = 103;

export const MSG_TRUNC = 0x20;
export const MSG_DONTWAIT = 0x40;

export const EPOLL_CLOEXEC = 0o2000000;
export const EPOLL_CTL_ADD = 1;
export const EPOLL_CTL_DEL = 2;
export const EPOLLIN = 1;
/** Edge-triggered. */
export const EPOLLET = 1 << 31;
export const EFD_CLOEXEC = 0o2000000;
export const EFD_NONBLOCK = 0o4000;
export const TFD_CLOEXEC = 0o2000000;
export const TFD_NONBLOCK = 0o4000;
export const POLLOUT = 4;

export const CLOCK_MONOTONIC = 1;

export const RLIMIT_NOFILE = 7;

export const EINTR = 4;
export const EIO = 5;
export const EAGAIN = 11;
export const ENOMEM = 12;
export const EINVAL = 22;
export const ENFILE = 23;
export const EMFILE = 24;
export const EMSGSIZE = 90;
export const ENOBUFS = 105;
export const ECONNREFUSED = 111;
