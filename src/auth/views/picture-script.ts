/**
 * Makes a chosen picture a square of a few pixels before it is sent: small enough to be stored, and without the place it was taken at. A
 * browser that cannot sends it as it is.
 */
export const pictureScript = `(() => {
  for (const field of document.querySelectorAll('input[type=file][data-side]')) {
    const side = Number(field.dataset.side);
    field.addEventListener('change', async () => {
      const file = field.files[0];
      if (!file || file.name === 'picture.jpg') return;
      try {
        const image = await createImageBitmap(file);
        const part = Math.min(image.width, image.height);
        const canvas = document.createElement('canvas');
        canvas.width = canvas.height = Math.min(side, part);
        const [left, top] = [(image.width - part) / 2, (image.height - part) / 2];
        const brush = canvas.getContext('2d');
        brush.fillStyle = '#fff';
        brush.fillRect(0, 0, canvas.width, canvas.height);
        brush.drawImage(image, left, top, part, part, 0, 0, canvas.width, canvas.height);
        const blob = await new Promise((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.85));
        const chosen = new DataTransfer();
        chosen.items.add(new File([blob], 'picture.jpg', { type: 'image/jpeg' }));
        field.files = chosen.files;
      } catch {
        // The server says what it does not take.
      }
    });
  }
})();
`;
