/** Numbers of Linux's system call interface, the same on x86-64 and arm64. */

/** Address family: IPv4. */
export const AF_INET = 2;
/** Address family: IPv6. */
export const AF_INET6 = 10;
/** Socket type: datagrams. */
export const SOCK_DGRAM = 2;
/** The new socket never blocks. */
export const SOCK_NONBLOCK = 0o4000;
/** The new socket is closed in programs that this process starts. */
export const SOCK_CLOEXEC = 0o2000000;

/** Level of the options SO_*. */
export const SOL_SOCKET = 1;
/** What kind of socket it is: {@link SOCK_DGRAM}, or another type. */
export const SO_TYPE = 3;
/** Size of the send buffer; the kernel doubles what it is told. */
export const SO_SNDBUF = 7;
/** Size of the receive buffer; the kernel doubles what it is told. */
export const SO_RCVBUF = 8;
/** Several sockets may share the port. */
export const SO_REUSEPORT = 15;
/** A filter of what comes in, in the language of classic BPF. */
export const SO_ATTACH_FILTER = 26;
/** A mark of everything that the socket sends. */
export const SO_MARK = 36;
/** Microseconds for which a read asks the network card itself. */
export const SO_BUSY_POLL = 46;
/** SO_SNDBUF over the system's limit, for CAP_NET_ADMIN. */
export const SO_SNDBUFFORCE = 32;
/** SO_RCVBUF over the system's limit, for CAP_NET_ADMIN. */
export const SO_RCVBUFFORCE = 33;
/** Nine unsigned 32-bit figures about a socket's memory (linux/sock_diag.h). */
export const SO_MEMINFO = 55;
/** How many figures SO_MEMINFO gives. */
export const SK_MEMINFO_WORDS = 9;
/** Which of them counts dropped datagrams. */
export const SK_MEMINFO_DROPS = 8;

/** Level of the options and control messages IP_*. */
export const SOL_IP = 0;
/** The local address of a datagram. */
export const IP_PKTINFO = 8;
/** The socket may have addresses that are not this machine's. */
export const IP_TRANSPARENT = 19;
/** The option (IP_RECVORIGDSTADDR) and the control message (IP_ORIGDSTADDR) share the number. */
export const IP_ORIGDSTADDR = 20;

/** Level of the options and control messages IPV6_*. */
export const SOL_IPV6 = 41;
/** The socket takes no IPv4. */
export const IPV6_V6ONLY = 26;
/** Has IPV6_PKTINFO come with each datagram. */
export const IPV6_RECVPKTINFO = 49;
/** As {@link IP_PKTINFO}. */
export const IPV6_PKTINFO = 50;
/** As {@link IP_ORIGDSTADDR}. */
export const IPV6_ORIGDSTADDR = 74;
/** As {@link IP_TRANSPARENT}. */
export const IPV6_TRANSPARENT = 75;

/** Level of the options and control messages UDP_*. */
export const SOL_UDP = 17;
/** Has the kernel cut one message into datagrams of this length. */
export const UDP_SEGMENT = 103;
/** Has the kernel give several datagrams of one sender as one. */
export const UDP_GRO = 104;

/** The datagram was longer than its room. */
export const MSG_TRUNC = 0x20;
/** This call does not block. */
export const MSG_DONTWAIT = 0x40;

/** As {@link SOCK_CLOEXEC}, for an epoll instance. */
export const EPOLL_CLOEXEC = 0o2000000;
/** Starts to watch a descriptor. */
export const EPOLL_CTL_ADD = 1;
/** Ends watching a descriptor. */
export const EPOLL_CTL_DEL = 2;
/** There is something to read. */
export const EPOLLIN = 1;
/** Edge-triggered. */
export const EPOLLET = 1 << 31;
/** As {@link SOCK_CLOEXEC}, for an eventfd. */
export const EFD_CLOEXEC = 0o2000000;
/** As {@link SOCK_NONBLOCK}, for an eventfd. */
export const EFD_NONBLOCK = 0o4000;
/** As {@link SOCK_CLOEXEC}, for a timerfd. */
export const TFD_CLOEXEC = 0o2000000;
/** As {@link SOCK_NONBLOCK}, for a timerfd. */
export const TFD_NONBLOCK = 0o4000;
/** There is room to write. */
export const POLLOUT = 4;

/** A clock that nobody sets, the same for all processes. */
export const CLOCK_MONOTONIC = 1;

/** The limit of open descriptors. */
export const RLIMIT_NOFILE = 7;

/** Error: a signal came in between. */
export const EINTR = 4;
/** Error: input or output failed. */
export const EIO = 5;
/** Error: there is nothing now, or no room now. */
export const EAGAIN = 11;
/** Error: no memory. */
export const ENOMEM = 12;
/** Error: an argument is not allowed. */
export const EINVAL = 22;
/** Error: the system has too many files open. */
export const ENFILE = 23;
/** Error: the process has too many files open. */
export const EMFILE = 24;
/** Error: the datagram is too long. */
export const EMSGSIZE = 90;
/** Error: no buffer space. */
export const ENOBUFS = 105;
/** Error: the peer has nobody at that port. */
export const ECONNREFUSED = 111;
