package unix_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/go-qtro/qtro/core"
	"github.com/go-qtro/qtro/transports/unix"
)

// childEnv makes the test's program a client of the URL that it holds.
const childEnv = "QTRO_TEST_UNIX_CHILD"

func TestMain(m *testing.M) {
	if raw := os.Getenv(childEnv); raw != "" {
		if err := child(raw); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// child connects and waits for the end of the connection.
func child(raw string) error {
	u, err := url.Parse(raw)
	if err != nil {
		return err
	}
	c, err := unix.Transport{}.Dial(context.Background(), u)
	if err != nil {
		return err
	}
	defer c.Close()
	_, _ = c.Read(make([]byte, 1))
	return nil
}

func parse(t testing.TB, raw string) *url.URL {
	u, err := url.Parse(raw)
	require.NoError(t, err)
	return u
}

func Example() {
	host := core.NewHost(core.Config{})
	defer host.Close()
	class := &core.Class{Name: "Lamp", Slots: []core.Slot{{Name: "whoami", Return: "QString"}}}
	lamp, err := core.NewSource(class)
	if err != nil {
		fmt.Println(err)
		return
	}
	err = lamp.Handle("whoami", func(ctx context.Context) string {
		peer, _ := core.PeerFrom(ctx)
		return peer.Identity // such as uid:1000
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := host.EnableRemoting(lamp, "Lamp"); err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	url, err := host.Listen(ctx, fmt.Sprintf("local:qtro-example-%d", os.Getpid()))
	if err != nil {
		fmt.Println(err)
		return
	}

	node := core.NewNode(core.Config{})
	defer node.Close()
	if err := node.Connect(url); err != nil {
		fmt.Println(err)
		return
	}
	replica, err := node.Acquire("Lamp", class)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := replica.Wait(ctx); err != nil {
		fmt.Println(err)
		return
	}
	who, err := replica.Call(ctx, "whoami")
	fmt.Println(who, err)
}
