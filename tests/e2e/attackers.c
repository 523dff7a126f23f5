// Peers without manners, thousands of them in one thread: each connects from an address of its own, sends the same prepared bytes, at
// once or one at a time, waits to be closed, and comes again. What they send is made elsewhere, so that they cost next to nothing.
//
//   spheregate-attackers PORT COUNT:PER_SECOND:MS_BETWEEN_BYTES:FILE...
//
// PER_SECOND bounds the new connections of a group; MS_BETWEEN_BYTES 0 sends the file at once. At SIGTERM it prints one line of JSON:
// for each group the connections that were made, and how often one was closed by the other side.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { groupsMax = 16, bytesMax = 1 << 20, eventsMax = 256 };

struct group {
  int count;
  double perSecond;
  int msBetweenBytes;
  char* bytes;
  size_t size;
  double tokens;
  long made;
  long closed;
};

struct peer {
  struct group* group;
  struct sockaddr_in from;
  int socket;   // -1: not connected
  size_t sent;
  int next;     // of those that wait to connect, by index; -1: the last
};

static volatile sig_atomic_t ended;
static void end(int number) {
  (void)number;
  ended = 1;
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void die(const char* what) {
  fprintf(stderr, "spheregate-attackers: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void readGroup(struct group* group, const char* text) {
  char file[1024];
  memset(group, 0, sizeof *group);
  if (sscanf(text, "%d:%lf:%d:%1023s", &group->count, &group->perSecond, &group->msBetweenBytes, file) != 4) die(text);
  group->bytes = malloc(bytesMax);
  FILE* in = fopen(file, "rb");
  if (in == NULL || group->bytes == NULL) die(file);
  group->size = fread(group->bytes, 1, bytesMax, in);
  fclose(in);
}

static int epoll;
static struct sockaddr_in gateway;

static void leave(struct peer* peer) {
  if (peer->socket >= 0) close(peer->socket);
  peer->socket = -1;
}

static void come(struct peer* peer) {
  const int one = 1;
  peer->sent = 0;
  peer->socket = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (peer->socket < 0) die("socket");
  setsockopt(peer->socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
  if (bind(peer->socket, (struct sockaddr*)&peer->from, sizeof peer->from) != 0) die("bind");
  struct epoll_event event = {.events = EPOLLOUT | EPOLLIN | EPOLLRDHUP, .data = {.ptr = peer}};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, peer->socket, &event) != 0) die("epoll_ctl");
  if (connect(peer->socket, (struct sockaddr*)&gateway, sizeof gateway) != 0 && errno != EINPROGRESS) leave(peer);
}

// Nonzero while the other side is there.
static int say(struct peer* peer) {
  const struct group* group = peer->group;
  size_t part = group->size - peer->sent;
  if (group->msBetweenBytes > 0 && part > 1) part = 1;
  if (part == 0) return 1;
  const ssize_t sent = send(peer->socket, group->bytes + peer->sent, part, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0) return errno == EAGAIN;
  peer->sent += (size_t)sent;
  return 1;
}

static int serve(struct peer* peer, unsigned events) {
  char rubbish[4096];
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) return 0;
  if ((events & (EPOLLIN | EPOLLRDHUP)) != 0) {
    const ssize_t size = recv(peer->socket, rubbish, sizeof rubbish, MSG_DONTWAIT);
    if (size == 0 || (size < 0 && errno != EAGAIN)) return 0;
  }
  if ((events & EPOLLOUT) != 0) {
    if (peer->sent == 0) ++peer->group->made;
    if (!say(peer)) return 0;
    if (peer->sent == peer->group->size || peer->group->msBetweenBytes > 0) {
      struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data = {.ptr = peer}};
      epoll_ctl(epoll, EPOLL_CTL_MOD, peer->socket, &event);
    }
  }
  return 1;
}

int main(int count, char** words) {
  if (count < 3 || count - 2 > groupsMax) return 2;
  signal(SIGTERM, end);
  signal(SIGINT, end);
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  gateway = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(words[1])),
                                 .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
  epoll = epoll_create1(EPOLL_CLOEXEC);
  struct group groups[groupsMax];
  const int groupCount = count - 2;
  int peerCount = 0;
  for (int number = 0; number < groupCount; ++number) {
    readGroup(&groups[number], words[number + 2]);
    peerCount += groups[number].count;
  }
  struct peer* peers = calloc((size_t)peerCount, sizeof *peers);
  int waiting[groupsMax];
  int index = 0;
  for (int number = 0; number < groupCount; ++number) {
    waiting[number] = -1;
    for (int member = 0; member < groups[number].count; ++member, ++index) {
      peers[index] = (struct peer){.group = &groups[number], .socket = -1, .next = waiting[number]};
      const unsigned address = 127u << 24 | (unsigned)(16 + number) << 16 | (unsigned)(member / 250) << 8 | (unsigned)(member % 250 + 1);
      peers[index].from = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(address)}};
      waiting[number] = index;
    }
  }
  double last = now();
  double lastBytes[groupsMax] = {0};
  while (!ended) {
    struct epoll_event events[eventsMax];
    const int found = epoll_wait(epoll, events, eventsMax, 5);
    for (int number = 0; number < found; ++number) {
      struct peer* peer = events[number].data.ptr;
      if (serve(peer, events[number].events)) continue;
      leave(peer);
      ++peer->group->closed;
      const long group = peer->group - groups;
      peer->next = waiting[group];
      waiting[group] = (int)(peer - peers);
    }
    const double time = now();
    for (int number = 0; number < groupCount; ++number) {
      struct group* group = &groups[number];
      group->tokens += (time - last) * group->perSecond;
      if (group->tokens > group->perSecond / 10 + 1) group->tokens = group->perSecond / 10 + 1;
      while (waiting[number] >= 0 && group->tokens >= 1) {
        struct peer* peer = &peers[waiting[number]];
        waiting[number] = peer->next;
        group->tokens -= 1;
        come(peer);
        if (peer->socket < 0) {
          peer->next = waiting[number];
          waiting[number] = (int)(peer - peers);
          break;
        }
      }
      if (group->msBetweenBytes == 0 || (time - lastBytes[number]) * 1000 < group->msBetweenBytes) continue;
      lastBytes[number] = time;
      for (index = 0; index < peerCount; ++index) {
        if (peers[index].group == group && peers[index].socket >= 0 && peers[index].sent > 0) (void)say(&peers[index]);
      }
    }
    last = time;
  }
  printf("[");
  for (int number = 0; number < groupCount; ++number) {
    printf("%s{\"made\": %ld, \"closed\": %ld}", number == 0 ? "" : ", ", groups[number].made, groups[number].closed);
  }
  printf("]\n");
  return 0;
}
