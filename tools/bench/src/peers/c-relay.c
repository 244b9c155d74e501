/*
 * The yardstick: a UDP relay with the system calls of a node and none of its features. Clients send to one data socket;
 * each has an egress socket of its own towards the one game server. Datagrams have 20 bytes of header, which are cut off
 * on the way up and put in front again on the way down; nothing in them is looked at, nobody is refused, no client is
 * ever forgotten.
 *
 *   c-relay LISTEN_IP SERVER_IP SERVER_PORT      prints the port it listens on
 *
 * A round: epoll_wait; recvmmsg of each readable socket into the next free slots; sendmmsg, one call for each egress
 * socket with something to send, and one for the data socket over the answers of all servers.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BATCH = 64, HEADER = 20, SLOT = 2048, CLIENTS = 4096, TABLE = 16384, DATA_SOCKET = CLIENTS };

struct client {
  struct sockaddr_in address;
  int egress;
  unsigned char header[HEADER];
};

static struct client clients[CLIENTS];
static int client_count;
/* Open addressing by client address: the client's number + 1, 0 for a free place. */
static unsigned short table[TABLE];
static int data_socket, poller;
static struct sockaddr_in server;

/* In front of each slot's datagram there is room for a header. */
static unsigned char slots[2 * BATCH][HEADER + SLOT];
static struct sockaddr_in addresses[2 * BATCH];
static struct iovec received_parts[2 * BATCH], sent_parts[2 * BATCH];
static struct mmsghdr received[2 * BATCH], sent[2 * BATCH];

static void must(int good, const char *what) {
  if (good) return;
  perror(what);
  exit(1);
}

static void watch(int fd, unsigned number) {
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = number};
  must(epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
}

static int open_socket(in_addr_t ip) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), bytes = 4 << 20;
  must(fd >= 0, "socket");
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = ip};
  must(bind(fd, (struct sockaddr *)&address, sizeof address) == 0, "bind");
  return fd;
}

/* The number of the client with that address; a new one if there is none yet; -1 if there are too many. */
static int find_client(const struct sockaddr_in *from, const unsigned char *header) {
  unsigned place = (from->sin_addr.s_addr * 2654435761u ^ from->sin_port * 40503u) % TABLE;
  for (; table[place] != 0; place = (place + 1) % TABLE) {
    const struct sockaddr_in *known = &clients[table[place] - 1].address;
    if (known->sin_port == from->sin_port && known->sin_addr.s_addr == from->sin_addr.s_addr) return table[place] - 1;
  }
  if (client_count == CLIENTS) return -1;
  struct client *client = &clients[client_count];
  client->address = *from;
  memcpy(client->header, header, HEADER);
  client->egress = open_socket(INADDR_ANY);
  watch(client->egress, client_count);
  table[place] = ++client_count;
  return client_count - 1;
}

static void send_all(int fd, struct mmsghdr *messages, int count) {
  while (count > 0) {
    int done = sendmmsg(fd, messages, count, 0);
    if (done < 0) {
      if (errno == EINTR) continue;
      /* What the kernel does not take is lost. */
      done = 1;
    }
    messages += done;
    count -= done;
  }
}

static void describe(int index, void *bytes, size_t length, struct sockaddr_in *to) {
  sent_parts[index] = (struct iovec){bytes, length};
  sent[index].msg_hdr = (struct msghdr){to, sizeof *to, &sent_parts[index], 1, NULL, 0, 0};
}

/* The kernel leaves these as they are: addresses of IPv4 always have the same length. */
static void describe_slots(void) {
  for (int i = 0; i < 2 * BATCH; i++) {
    received_parts[i] = (struct iovec){slots[i] + HEADER, SLOT};
    received[i].msg_hdr = (struct msghdr){&addresses[i], sizeof addresses[i], &received_parts[i], 1, NULL, 0, 0};
  }
}

static int receive(int fd, int first) {
  int count = recvmmsg(fd, received + first, BATCH, MSG_DONTWAIT, NULL);
  return count < 0 ? 0 : count;
}

/* A batch of the data socket: one call for each client that occurs in it. */
static int upstream(void) {
  static int owners[BATCH];
  int count = receive(data_socket, 0);
  for (int i = 0; i < count; i++) {
    owners[i] = received[i].msg_len < HEADER ? -1 : find_client(&addresses[i], slots[i] + HEADER);
  }
  for (int i = 0; i < count; i++) {
    int owner = owners[i], length = 0;
    if (owner < 0) continue;
    for (int j = i; j < count; j++) {
      if (owners[j] != owner) continue;
      describe(length++, slots[j] + 2 * HEADER, received[j].msg_len - HEADER, &server);
      owners[j] = -1;
    }
    send_all(clients[owner].egress, sent, length);
  }
  return count;
}

/* Answers of one client's egress socket behind those that wait already. Returns how many wait now. */
static int downstream(int client, int waiting) {
  int count = receive(clients[client].egress, waiting);
  for (int i = waiting; i < waiting + count; i++) {
    memcpy(slots[i], clients[client].header, HEADER);
    describe(i, slots[i], HEADER + received[i].msg_len, &clients[client].address);
  }
  return waiting + count;
}

int main(int count, char **words) {
  if (count != 4) return fprintf(stderr, "c-relay LISTEN_IP SERVER_IP SERVER_PORT\n"), 2;
  server = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(atoi(words[3]))};
  inet_pton(AF_INET, words[2], &server.sin_addr);
  describe_slots();
  poller = epoll_create1(0);
  data_socket = open_socket(inet_addr(words[1]));
  watch(data_socket, DATA_SOCKET);
  struct sockaddr_in own;
  socklen_t length = sizeof own;
  getsockname(data_socket, (struct sockaddr *)&own, &length);
  printf("%d\n", ntohs(own.sin_port));
  fflush(stdout);

  static struct epoll_event events[BATCH];
  for (;;) {
    int ready = epoll_wait(poller, events, BATCH, -1), waiting = 0;
    for (int e = 0; e < ready; e++) {
      if (events[e].data.u32 == DATA_SOCKET) {
        /* It uses the same slots. */
        send_all(data_socket, sent, waiting);
        waiting = 0;
        while (upstream() == BATCH);
        continue;
      }
      if (waiting > BATCH) {
        send_all(data_socket, sent, waiting);
        waiting = 0;
      }
      waiting = downstream(events[e].data.u32, waiting);
    }
    send_all(data_socket, sent, waiting);
  }
}
