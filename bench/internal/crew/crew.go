// Package crew lets a program that measures something consist of several processes: it runs itself again for each part. The
// processes exchange values as JSON, one a line. A member of the crew ends when the program that started it does, however that
// happens.
package crew

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"
)

// roleVariable tells a process that it is a member of a crew, and what its part is.
const roleVariable = "QTRO_BENCH_ROLE"

// line is what is exchanged.
type line struct {
	Error string          `json:"error,omitempty"`
	Value json.RawMessage `json:"value,omitempty"`
}

// Member is a process, as the program sees it that has started it.
type Member struct {
	role string
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  chan line
	stop sync.Once
}

// Start runs this program again in a role. Stop must be called in the end. The process is in the network namespace of the
// calling thread.
func Start(role string) (*Member, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	m := &Member{role: role, cmd: exec.Command(self), out: make(chan line, 16)}
	m.cmd.Env = append(os.Environ(), roleVariable+"="+role)
	m.cmd.Stderr = os.Stderr
	if m.in, err = m.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := m.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := m.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the %s: %w", role, err)
	}
	go func() {
		defer close(m.out)
		for lines := json.NewDecoder(out); ; {
			var l line
			if lines.Decode(&l) != nil {
				return
			}
			m.out <- l
		}
	}()
	return m, nil
}

// Ask tells the member something and waits for the answer, which is stored in what answer points to, unless that is nil.
func (m *Member) Ask(ctx context.Context, question, answer any) error {
	if err := write(m.in, question, nil); err != nil {
		return fmt.Errorf("the process of the %s has ended: %w", m.role, err)
	}
	return m.Hear(ctx, answer)
}

// Hear waits for what the member says next.
func (m *Member) Hear(ctx context.Context, answer any) error {
	select {
	case <-ctx.Done():
		return fmt.Errorf("no answer of the %s: %w", m.role, context.Cause(ctx))
	case l, ok := <-m.out:
		switch {
		case !ok:
			return fmt.Errorf("the process of the %s has ended", m.role)
		case l.Error != "":
			return fmt.Errorf("the %s: %s", m.role, l.Error)
		case answer == nil:
			return nil
		}
		return json.Unmarshal(l.Value, answer)
	}
}

// Stop ends the process and waits for its end.
func (m *Member) Stop() {
	m.stop.Do(func() {
		_ = m.in.Close()
		kill := time.AfterFunc(5*time.Second, func() { _ = m.cmd.Process.Kill() })
		defer kill.Stop()
		for range m.out { // until its output ends, as Wait wants it
		}
		_ = m.cmd.Wait()
	})
}

// Program is the program that has started this process, as a member sees it.
type Program struct{ in chan json.RawMessage }

// Serve plays this process's part and does not return if it is a member of a crew; otherwise it does nothing. Programs and their
// tests call it before anything else.
func Serve(roles map[string]func(*Program) error) {
	name := os.Getenv(roleVariable)
	role := roles[name]
	if role == nil {
		return
	}
	p := &Program{in: make(chan json.RawMessage, 16)} // so that the end is noticed while nobody hears
	go p.read()
	if err := role(p); err != nil {
		_ = write(os.Stdout, nil, err) // nobody may be there to hear it
		os.Exit(1)
	}
	os.Exit(0)
}

// read reads what the program says until it has ended, and with it this process.
func (p *Program) read() {
	lines := json.NewDecoder(bufio.NewReader(os.Stdin))
	for {
		var l line
		if lines.Decode(&l) != nil {
			os.Exit(0)
		}
		p.in <- l.Value
	}
}

// Hear waits for what the program says next.
func (p *Program) Hear(question any) error { return json.Unmarshal(<-p.in, question) }

// Tell tells the program something. It is what one goroutine does.
func (p *Program) Tell(answer any) error { return write(os.Stdout, answer, nil) }

func write(w io.Writer, v any, failure error) error {
	var l line
	if failure != nil {
		l.Error = failure.Error()
	}
	var err error
	if l.Value, err = json.Marshal(v); err != nil {
		return errors.Join(failure, err)
	}
	return json.NewEncoder(w).Encode(l)
}
