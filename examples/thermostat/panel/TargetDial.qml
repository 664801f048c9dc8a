import QtQuick

// A dial that shows a temperature, and by which another one is asked for.
Item {
    id: dial

    property real value         // what it should be
    property real celsius       // what it is
    property real from: 5
    property real to: 30
    property color accent: "#4fd1c5"
    property color glow: "#3b82f6"

    // Somebody has asked for a value. It is not shown until value is that.
    signal moved(real value)

    readonly property real shown: mouse.pressed ? mouse.asked : value
    readonly property real reach: Math.min(width, height) / 2 - 22

    function angle(degrees) { // the dial is open at the bottom
        const part = (Math.max(from, Math.min(to, degrees)) - from) / (to - from)
        return (135 + 270 * part) * Math.PI / 180
    }

    onShownChanged: canvas.requestPaint()
    onCelsiusChanged: canvas.requestPaint()
    onAccentChanged: canvas.requestPaint()

    Canvas {
        id: canvas
        anchors.fill: parent
        onPaint: {
            const ctx = getContext("2d"), x = width / 2, y = height / 2
            ctx.reset()
            ctx.lineCap = "round"

            ctx.lineWidth = 16
            ctx.strokeStyle = "#232b37"
            ctx.beginPath()
            ctx.arc(x, y, dial.reach, dial.angle(dial.from), dial.angle(dial.to))
            ctx.stroke()

            const colours = ctx.createLinearGradient(x - dial.reach, y + dial.reach, x + dial.reach, y - dial.reach)
            colours.addColorStop(0, dial.glow)
            colours.addColorStop(1, dial.accent)
            ctx.strokeStyle = colours
            ctx.beginPath()
            ctx.arc(x, y, dial.reach, dial.angle(dial.from), dial.angle(dial.shown))
            ctx.stroke()

            ctx.lineWidth = 2
            for (let degrees = dial.from; degrees <= dial.to; ++degrees) { // the scale
                const a = dial.angle(degrees), major = degrees % 5 === 0
                ctx.strokeStyle = major ? "#5b6778" : "#343e4d"
                ctx.beginPath()
                ctx.moveTo(x + (dial.reach - 18) * Math.cos(a), y + (dial.reach - 18) * Math.sin(a))
                ctx.lineTo(x + (dial.reach - (major ? 28 : 24)) * Math.cos(a), y + (dial.reach - (major ? 28 : 24)) * Math.sin(a))
                ctx.stroke()
            }

            const is = dial.angle(dial.celsius) // a hand for what it is
            ctx.lineWidth = 4
            ctx.strokeStyle = "#ffffff"
            ctx.beginPath()
            ctx.moveTo(x + (dial.reach - 18) * Math.cos(is), y + (dial.reach - 18) * Math.sin(is))
            ctx.lineTo(x + (dial.reach - 34) * Math.cos(is), y + (dial.reach - 34) * Math.sin(is))
            ctx.stroke()

            const knob = dial.angle(dial.shown)
            ctx.fillStyle = "#ffffff"
            ctx.beginPath()
            ctx.arc(x + dial.reach * Math.cos(knob), y + dial.reach * Math.sin(knob), 13, 0, 2 * Math.PI)
            ctx.fill()
            ctx.fillStyle = dial.accent
            ctx.beginPath()
            ctx.arc(x + dial.reach * Math.cos(knob), y + dial.reach * Math.sin(knob), 7, 0, 2 * Math.PI)
            ctx.fill()
        }
    }

    MouseArea {
        id: mouse

        property real asked: dial.value

        function ask() { // half degrees
            const a = Math.atan2(mouseY - height / 2, mouseX - width / 2) * 180 / Math.PI
            const turned = (a - 135 + 720) % 360
            const part = turned <= 270 ? turned / 270 : turned < 315 ? 1 : 0
            asked = Math.round(2 * (dial.from + part * (dial.to - dial.from))) / 2
        }

        anchors.fill: parent
        onPressed: event => {
            ask()
            event.accepted = Math.hypot(event.x - width / 2, event.y - height / 2) > dial.reach - 40
        }
        onPositionChanged: ask()
        onReleased: dial.moved(asked)
    }
}
