import QtQuick

// A box with a heading.
Rectangle {
    id: card

    required property string heading
    default property alias content: inside.data

    radius: 14
    color: "#1b212c"
    border.color: "#262e3b"

    Text {
        x: 16
        y: 12
        text: card.heading
        color: "#7d8899"
        font { pixelSize: 12; capitalization: Font.AllUppercase; letterSpacing: 1.2 }
    }
    Item {
        id: inside
        anchors { fill: parent; margins: 16; topMargin: 36; bottomMargin: 14 }
    }
}
