package graphs

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	mathrand "math/rand/v2"
	"strconv"
	"sync"
	"time"

	"github.com/zeebo/xxh3"
)

// gregorian is the start of UUID time (15 October 1582) in 100 ns units before the Unix epoch.
const gregorian = 0x01B21DD213814000

// checkpointIDs is the process's one source of checkpoint ids: two runs of a process never get the same or a decreasing id,
// which no field of a run could guarantee.
var checkpointIDs idClock

// idClock makes UUIDv6 that strictly increase.
type idClock struct {
	mu   sync.Mutex
	last uint64
	node [6]byte
}

// next returns an id that is greater than every id before it and than after, the thread's newest checkpoint, which may come from
// a machine whose clock is ahead. The clock sequence is seeded with step (streaming.md §3.4).
func (c *idClock) next(now time.Time, step int, after string) string {
	ts := uint64(now.UnixNano()/100) + gregorian
	floor := idTime(after)
	c.mu.Lock()
	if c.node == [6]byte{} {
		_, _ = rand.Read(c.node[:]) // never fails (crypto/rand)
	}
	ts = max(ts, c.last+1, floor+1)
	c.last = ts
	node := c.node
	c.mu.Unlock()

	var b [16]byte
	binary.BigEndian.PutUint32(b[0:], uint32(ts>>28))
	binary.BigEndian.PutUint16(b[4:], uint16(ts>>12))
	binary.BigEndian.PutUint16(b[6:], 0x6000|uint16(ts&0xfff))
	binary.BigEndian.PutUint16(b[8:], 0x8000|uint16(step)&0x3fff)
	copy(b[10:], node[:])
	return formatUUID(b)
}

// idTime returns the timestamp of a UUIDv6, 0 if id is none.
func idTime(id string) uint64 {
	if len(id) != 36 || id[14] != '6' {
		return 0
	}
	high, err1 := strconv.ParseUint(id[0:8], 16, 32)
	mid, err2 := strconv.ParseUint(id[9:13], 16, 16)
	low, err3 := strconv.ParseUint(id[15:18], 16, 12)
	if err1 != nil || err2 != nil || err3 != nil {
		return 0
	}
	return high<<28 | mid<<12 | low
}

func formatUUID(b [16]byte) string {
	var out [36]byte
	hex.Encode(out[0:], b[0:4])
	out[8] = '-'
	hex.Encode(out[9:], b[4:6])
	out[13] = '-'
	hex.Encode(out[14:], b[6:8])
	out[18] = '-'
	hex.Encode(out[19:], b[8:10])
	out[23] = '-'
	hex.Encode(out[24:], b[10:16])
	return string(out[:])
}

// messageID is a random UUID. It is no secret, and the generator is one that cannot be guessed: rand/v2's is ChaCha8.
func messageID() string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[0:], mathrand.Uint64())
	binary.BigEndian.PutUint64(b[8:], mathrand.Uint64())
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return formatUUID(b)
}

// taskID is a UUID-shaped hash of what makes a task this task: the same pending task keeps its id between reads.
func taskID(checkpoint, ns string, step int, node string, trigger string, index int) string {
	text := make([]byte, 0, 160)
	for _, part := range [...]string{checkpoint, ns} {
		text = append(append(text, part...), 0)
	}
	text = append(strconv.AppendInt(text, int64(step), 10), 0)
	for _, part := range [...]string{node, trigger} {
		text = append(append(text, part...), 0)
	}
	text = append(strconv.AppendInt(text, int64(index), 10), 0)
	return hashUUID(xxh3.Hash128(text))
}

// hashUUID gives a hash the form of a UUID, of version 5.
func hashUUID(hash xxh3.Uint128) string {
	b := hash.Bytes()
	b[6] = b[6]&0x0f | 0x50
	b[8] = b[8]&0x3f | 0x80
	return formatUUID(b)
}

// interruptID is 32 hex digits of the task's namespace (streaming.md §3.7); all interrupts of one task share it.
func interruptID(taskNS string) string {
	b := xxh3.HashString128(taskNS).Bytes()
	return hex.EncodeToString(b[:])
}

// isInterruptID reports whether key has the form of an interrupt id.
func isInterruptID(key string) bool {
	if len(key) != 32 {
		return false
	}
	for i := range len(key) {
		if c := key[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// joinNS appends a task's segment to a namespace.
func joinNS(ns, node, task string) string {
	if ns == "" {
		return node + ":" + task
	}
	return ns + "|" + node + ":" + task
}
