package compat

import (
	"bytes"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// endlessPath is the path of answers that only end when the client leaves: the streams of whole threads.
var endlessPath = regexp.MustCompile(`^/threads/[^/]+/stream$`)

// readAnswer reads an answer to its end: an endless one until nothing more comes.
func readAnswer(response *http.Response) ([]byte, error) {
	if response.StatusCode != http.StatusOK || !endlessPath.MatchString(response.Request.URL.Path) {
		return io.ReadAll(response.Body)
	}
	const quiet = 300 * time.Millisecond // well below the server's heartbeat
	var got bytes.Buffer
	silence := time.AfterFunc(quiet, func() { _ = response.Body.Close() })
	defer silence.Stop()
	buf := make([]byte, 4096)
	for {
		n, err := response.Body.Read(buf)
		got.Write(buf[:n])
		switch {
		case !silence.Reset(quiet): // the body was closed for its silence
			return got.Bytes(), nil
		case err != nil:
			return got.Bytes(), err
		}
	}
}

// framesOf returns the events of a stream as "event data".
func framesOf(body []byte) (frames []string, lastID string) {
	for part := range strings.SplitSeq(string(body), "\n\n") {
		event, data := "", ""
		for line := range strings.SplitSeq(part, "\n") {
			name, value, _ := strings.Cut(line, ": ")
			switch name {
			case "event":
				event = value
			case "data":
				data = value
			case "id":
				lastID = value
			}
		}
		if event != "" {
			frames = append(frames, event+" "+data)
		}
	}
	return frames, lastID
}
