// The load of the relay's bench: one thread that sends the same frame over one connection and takes it from another, so many in flight.
// In C, so that the load is not what is measured.
//
//   relay-load relay  PORT WINDOW SECONDS FRAME SENDER_HELLO RECEIVER_HELLO    frames as they are, with their lengths
//   relay-load nats   PORT WINDOW SECONDS FRAME                                core NATS, PUB to MSG
//   relay-load mqtt   PORT WINDOW SECONDS FRAME                                MQTT 3.1.1, QoS 0
//   relay-load direct 0    WINDOW SECONDS FRAME                                the two connections are one
//
// Prints {"perSecond", "p50Us", "p99Us"}. FRAME and the HELLOs are files.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define READ_BYTES (1 << 20)
#define TIMES_MAX 20000000
#define RING 65536
#define SILENCE_MS 5000
#define WARM_UP_SECONDS 1

typedef struct {
  char *bytes;
  long length;
} Bytes;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec * 1e-9;
}

static int compare(const void *left, const void *right) {
  float a = *(const float *)left, b = *(const float *)right;
  return a < b ? -1 : a > b;
}

static struct sockaddr_in loopback(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

static int dial(int port) {
  int one = 1, made = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = loopback(port);
  if (connect(made, (struct sockaddr *)&address, sizeof address) != 0) fail("connect");
  setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return made;
}

static void write_all(int to, const char *bytes, long length) {
  while (length > 0) {
    long written = write(to, bytes, length);
    if (written < 0) fail("write");
    bytes += written;
    length -= written;
  }
}

static Bytes read_file(const char *name) {
  FILE *file = fopen(name, "rb");
  if (file == NULL) fail(name);
  Bytes read = {malloc(READ_BYTES), 0};
  read.length = fread(read.bytes, 1, READ_BYTES, file);
  fclose(file);
  return read;
}

// One whole frame: an answer to HELLO.
static void read_frame(int from) {
  unsigned char head[4];
  static char body[READ_BYTES];
  if (recv(from, head, 4, MSG_WAITALL) != 4) fail("read the length of an answer");
  long length = (long)head[0] << 24 | head[1] << 16 | head[2] << 8 | head[3];
  if (length > READ_BYTES || recv(from, body, length, MSG_WAITALL) != length) fail("read an answer");
  if (memmem(body, length, "HELLO_ACK", 9) == NULL) {
    fprintf(stderr, "wanted HELLO_ACK, got %.*s\n", (int)length, body);
    exit(1);
  }
}

// Whatever the far end has said so far.
static void swallow(int from) {
  char said[4096];
  usleep(50000);
  if (recv(from, said, sizeof said, 0) <= 0) fail("read a greeting");
}

static void say(int to, const char *text) { write_all(to, text, strlen(text)); }

static void connect_nats(int sender, int receiver) {
  swallow(sender);
  swallow(receiver);
  say(sender, "CONNECT {\"verbose\":false}\r\nPING\r\n");
  say(receiver, "CONNECT {\"verbose\":false}\r\nSUB t 1\r\nPING\r\n");
  swallow(sender);
  swallow(receiver);
}

static void connect_mqtt(int sender, int receiver) {
  char hello[] = {0x10, 14, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0, 0, 2, 'b', '1'};
  const char subscribe[] = {(char)0x82, 6, 0, 1, 0, 1, 't', 0};
  write_all(sender, hello, sizeof hello);
  hello[15] = '2';
  write_all(receiver, hello, sizeof hello);
  swallow(sender);
  swallow(receiver);
  write_all(receiver, subscribe, sizeof subscribe);
  swallow(receiver);
}

static void connect_direct(int *sender, int *receiver) {
  int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 1) != 0) fail("listen");
  getsockname(listener, (struct sockaddr *)&address, &size);
  *sender = dial(ntohs(address.sin_port));
  *receiver = accept(listener, NULL, NULL);
  setsockopt(*receiver, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

// What is sent for one frame. Returns how many bytes come out at the other end for it.
static long pack(const char *mode, Bytes frame, Bytes *packed) {
  char *to = packed->bytes = malloc(frame.length + 64);
  if (strcmp(mode, "nats") == 0) {
    to += sprintf(to, "PUB t %ld\r\n", frame.length);
    memcpy(to, frame.bytes, frame.length);
    memcpy(to + frame.length, "\r\n", 2);
    packed->length = to + frame.length + 2 - packed->bytes;
    return snprintf(NULL, 0, "MSG t 1 %ld\r\n", frame.length) + frame.length + 2;
  }
  if (strcmp(mode, "mqtt") == 0) {
    long rest = 3 + frame.length;
    *to++ = 0x30;
    for (; rest > 127; rest >>= 7) *to++ = (rest & 127) | 128;
    *to++ = rest;
    memcpy(to, "\0\1t", 3);
    to += 3;
  }
  memcpy(to, frame.bytes, frame.length);
  packed->length = to + frame.length - packed->bytes;
  return packed->length;
}

int main(int count, char **words) {
  if (count < 6) return 2;
  const char *mode = words[1];
  int port = atoi(words[2]), window = atoi(words[3]), sender, receiver;
  double seconds = atof(words[4]);
  Bytes packed;
  long out = pack(mode, read_file(words[5]), &packed);
  if (strcmp(mode, "direct") == 0) connect_direct(&sender, &receiver);
  else {
    sender = dial(port);
    receiver = dial(port);
    if (strcmp(mode, "nats") == 0) connect_nats(sender, receiver);
    else if (strcmp(mode, "mqtt") == 0) connect_mqtt(sender, receiver);
    else {
      Bytes hellos[] = {read_file(words[6]), read_file(words[7])};
      write_all(sender, hellos[0].bytes, hellos[0].length);
      write_all(receiver, hellos[1].bytes, hellos[1].length);
      read_frame(sender);
      read_frame(receiver);
    }
  }
  char *burst = malloc(packed.length * window), *read_into = malloc(READ_BYTES);
  for (int index = 0; index < window; index++) memcpy(burst + index * packed.length, packed.bytes, packed.length);
  float *times = malloc(sizeof(float) * TIMES_MAX);
  static double sent[RING];
  long head = 0, tail = 0, arrived = 0, have = 0;
  int is_warm = 0;
  double start = now(), end = start + WARM_UP_SECONDS;
  for (int index = 0; index < window; index++) sent[tail++ % RING] = start;
  write_all(sender, burst, packed.length * window);
  for (;;) {
    struct pollfd waiting = {receiver, POLLIN, 0};
    if (poll(&waiting, 1, SILENCE_MS) <= 0) {
      fprintf(stderr, "nothing arrives\n");
      return 1;
    }
    long got = read(receiver, read_into, READ_BYTES);
    if (got <= 0) fail("read");
    double at = now();
    have += got;
    long frames = have / out;
    have %= out;
    for (long index = 0; index < frames; index++) {
      if (is_warm && arrived < TIMES_MAX) times[arrived] = (at - sent[head % RING]) * 1e6;
      arrived++;
      head++;
      sent[tail++ % RING] = at;
    }
    if (at > end) {
      if (is_warm) break;
      is_warm = 1;
      arrived = 0;
      start = at;
      end = at + seconds;
    }
    if (frames > 0) write_all(sender, burst, packed.length * frames);
  }
  double took = now() - start;
  long kept = arrived < TIMES_MAX ? arrived : TIMES_MAX;
  qsort(times, kept, sizeof(float), compare);
  printf("{\"perSecond\":%.0f,\"p50Us\":%.2f,\"p99Us\":%.2f}\n", arrived / took, times[kept / 2],
         times[(long)(kept * 0.99)]);
  return 0;
}
