package interop_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/interop/qtpeer"
	"github.com/go-qtro/qtro/qt"
)

// TestQtHostKilled kills a Qt host and starts another at its URL: the Go replica comes back with the values of now.
func TestQtHostKilled(t *testing.T) {
	eachWay(t, func(t *testing.T, major int, how string) {
		url := qtpeer.FreeURL(t, "tcp")
		source := startSource(t, major, "--url", url, "--only", "Station,Brewery")
		class := classesOf(t, major)["Station"]
		r, j := reach(t, url, "Station", how, class)
		gauge := child(t, r, "gauge")
		j.forget()
		source.Send("set Station.level 5")
		equal(t, qt.Of(int32(5)), j.wait(t, "changed", "level")[0])
		j.forget()
		source.Kill()
		j.wait(t, "state", "Suspect")
		require.Eventually(t, func() bool { return gauge.State() == core.Suspect }, soon, time.Millisecond)
		equal(t, qt.Of(int32(5)), get(t, r, "level")) // what was seen last
		_, err := r.Call(soonContext(t), "add", 1, 2)
		require.ErrorIs(t, err, core.ErrNotConnected)

		source = startSource(t, major, "--url", url, "--only", "Station")
		j.wait(t, "state", "Valid")
		j.wait(t, "notified", "")
		equal(t, qt.Of(int32(-42)), j.wait(t, "changed", "level")[0])
		for _, e := range j.all() {
			require.NotContains(t, e, "changed title", "it is the same as before")
		}
		require.EqualValues(t, 3, call(t, r, "add", 1, 2).Int())
		require.Equal(t, core.Valid, gauge.State())
		source.Send("set Station.gauge.label \"again\"")
		source.Wait(soon, "set", nil)
		call(t, r, "add", 1, 2)
		equal(t, qt.Of("again"), get(t, gauge, "label"))
	})
}

// TestCallLost has a Qt host stopped while it works on a call.
func TestCallLost(t *testing.T) {
	eachQt(t, func(t *testing.T, major int) {
		url := qtpeer.FreeURL(t, "tcp")
		source := startSource(t, major, "--url", url, "--only", "Station")
		r, _ := reach(t, url, "Station", "typed", classesOf(t, major)["Station"])
		pause(t, source)
		failed := make(chan error, 1)
		go func() {
			_, err := r.Call(context.Background(), "add", 1, 2)
			failed <- err
		}()
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		_, err := r.Call(ctx, "add", 3, 4)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		source.Kill()
		select {
		case err := <-failed:
			require.Truef(t, errors.Is(err, core.ErrConnectionLost) || errors.Is(err, core.ErrNotConnected), "%v", err)
		case <-time.After(soon):
			require.Fail(t, "the call still waits")
		}
	})
}

// helperURL is set where the test binary is to be a Go host at that URL, until its stdin is closed.
const helperURL = "QTRO_TEST_HOST"

// TestHelperHost is the process that TestGoHostKilled kills. By itself it tests nothing.
func TestHelperHost(t *testing.T) {
	url := os.Getenv(helperURL)
	if url == "" {
		return
	}
	major := int(url[0] - '0')
	station := newStation(t, major)
	station.set("level", os.Getpid())
	host, _ := newHost(t, major, url[1:])
	remote(t, host, station.Source, "Station")
	_, _ = io.Copy(io.Discard, os.Stdin) // it ends with its parent at the latest
}

func startHelper(t *testing.T, major int, url string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(exe, "-test.run=^TestHelperHost$")
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d%s", helperURL, major, url))
	_, err = cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // killed
	})
	return cmd
}

// TestGoHostKilled kills a Go host and starts another at its URL: Qt's replicas come back with the values of now.
func TestGoHostKilled(t *testing.T) {
	eachWay(t, func(t *testing.T, major int, how string) {
		for _, scheme := range []string{"tcp", "local"} {
			t.Run(scheme, func(t *testing.T) {
				url := freeURL(t, scheme)
				helper := startHelper(t, major, url)
				qtr := startReplica(t, major, how, url, "Station")
				qtr.Wait(soon, "init", qtpeer.Match{"props": qtpeer.Match{"level": helper.Process.Pid}})
				qtr.Wait(soon, "notified", nil)
				require.NoError(t, helper.Process.Kill())
				qtr.Wait(soon, "state", qtpeer.Match{"state": "Suspect"})
				helper = startHelper(t, major, url)
				qtr.Wait(soon, "state", qtpeer.Match{"state": "Valid", "old": "Suspect"})
				qtr.Wait(soon, "changed", qtpeer.Match{"prop": "level", "value": helper.Process.Pid})
				qtr.Send("call Station.add [1,2]")
				qtr.Wait(soon, "reply", qtpeer.Match{"value": 3})
				qtr.Send("call Station.gauge.calibrate [1]")
				qtr.Wait(soon, "reply", qtpeer.Match{"value": 1002})
				qtr.Stop()
			})
		}
	})
}

// TestHeartbeatOfGo has a Qt host stand still: the Go node notices, and finds it again.
func TestHeartbeatOfGo(t *testing.T) {
	eachQt(t, func(t *testing.T, major int) {
		url := qtpeer.FreeURL(t, "tcp")
		source := startSource(t, major, "--url", url, "--only", "Station")
		failures := make(chan error, 100)
		node := newNode(t, core.Config{Heartbeat: 150 * time.Millisecond, HandshakeTimeout: 300 * time.Millisecond,
			OnError: func(err error) { failures <- err }})
		r, j := acquire(t, node, "Station", "typed", classesOf(t, major)["Station"])
		require.NoError(t, node.Connect(url))
		require.NoError(t, r.Wait(soonContext(t)))
		j.wait(t, "notified", "")
		pause(t, source)
		j.wait(t, "state", "Suspect")
		for err := <-failures; !errors.Is(err, core.ErrHeartbeat); err = <-failures { // a busy machine may have failed at less
			t.Log(err)
		}
		resume(t, source)
		require.Eventually(t, func() bool {
			v, err := r.Call(soonContext(t), "add", 1, 2)
			return err == nil && v.Int() == 3
		}, soon, time.Millisecond)
	})
}

// TestHeartbeatOfQt has a Qt node make sure that its Go host is alive.
func TestHeartbeatOfQt(t *testing.T) {
	eachWay(t, func(t *testing.T, major int, how string) {
		host, at := newHost(t, major, "tcp://127.0.0.1:0")
		remote(t, host, newStation(t, major).Source, "Station")
		qtr := qtpeer.Start(t, major, "replica", "--connect", at, "--"+how, "--acquire", "Station", "--heartbeat", "50")
		qtr.Wait(soon, "notified", nil)
		beaten := func() bool { // whether it has been Valid for ten beats
			before := len(qtr.Events())
			qtr.Send("wait 500")
			qtr.Send("sync beaten")
			qtr.Wait(soon, "sync", nil)
			last, state := 0, ""
			for i, e := range qtr.Events() {
				if e.Name() == "state" {
					last, state = i, e.Text("state")
				}
			}
			return state == "Valid" && last < before
		}
		// On a busy machine one answer or another takes longer than a beat; without any it is lost within two, every time.
		for tries := 1; !beaten(); tries++ {
			require.Less(t, tries, 20)
		}
	})
}
